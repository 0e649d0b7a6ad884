import { Button, Menu } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { sessionFormats } from '../../app/exchange/format.ts';
import { useShared } from '../context.tsx';
import { JobLine, useJob, useStartJob } from '../parts/job-line.tsx';
import css from '../pages/table.module.css';

/** A menu that exports all sessions, and the progress of the export. */
export function SessionExport() {
  const { t } = useTranslation();
  const { settings } = useShared();
  const job = useJob('sessions');
  const [start, refusal] = useStartJob();
  const { pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct, co2GramsPerKwh, currency } = settings;
  const prices = { pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct, co2GramsPerKwh, currency };
  return (
    <>
      <JobLine job={job} />
      {refusal && (
        <p role="alert" className={css.note}>
          {refusal}
        </p>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default">
            {t('workloads.export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('workloads.exportAll')}</Menu.Label>
          {sessionFormats.map((format) => (
            <Menu.Item key={format} onClick={() => start({ kind: 'sessions', format, prices })}>
              {format.toUpperCase()}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
