import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { incidentLines, incidentsIn, incidentTitle } from '../../app/history/incident-text.ts';
import { useShared } from '../context.tsx';
import table from '../pages/table.module.css';
import { Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import css from './alerts.module.css';

const NEWEST = 200;

/** Xid errors and who reported them. */
export function DriverEvents() {
  const { t } = useTranslation();
  const { format } = useShared();
  const { data: events = [] } = useQuestion('xids.newest', { limit: NEWEST }, { everyMs: 10_000 });
  return (
    <Panel title={t('alerts.driverEvents')}>
      {events.length === 0 ? (
        <p className={css.quiet}>{t('alerts.noDriverEvents')}</p>
      ) : (
        <Table className={table.table} verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('alerts.fired')}</Table.Th>
              <Table.Th>{t('alerts.gpu')}</Table.Th>
              <Table.Th>{t('alerts.what')}</Table.Th>
              <Table.Th>{t('alerts.toldBy')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {events.map(({ id, tsMs, gpuName, code, text, witness }) => (
              <Table.Tr key={id}>
                <Table.Td>{format.dateTime(tsMs)}</Table.Td>
                <Table.Td>{gpuName}</Table.Td>
                <Table.Td className={table.wide}>
                  {t('event.xid', { code })}
                  {text && <div className={table.command}>{text}</div>}
                </Table.Td>
                <Table.Td>{t(`event.witness.${witness}`)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

/** Lost cards, resets, and machines that stopped, with what was seen before. */
export function Incidents() {
  const { t } = useTranslation();
  const { format } = useShared();
  const { data: events = [] } = useQuestion('incidents.newest', { limit: NEWEST }, { everyMs: 10_000 });
  const { data: gpus = [] } = useQuestion('gpus.list', undefined);
  const nameOf = (uuid: string | null): string => gpus.find((gpu) => gpu.uuid === uuid)?.name ?? '';
  return (
    <Panel title={t('incident.title')}>
      {events.length === 0 ? (
        <p className={css.quiet}>{t('incident.none')}</p>
      ) : (
        <ul className={css.rules}>
          {incidentsIn(events).map((incident) => (
            <li key={incident.id}>
              <p>
                {format.dateTime(incident.fromMs)} · {incidentTitle(t, incident, nameOf(incident.gpuUuid))}
              </p>
              {incidentLines(t, format, incident).map((line) => (
                <p key={line} className={css.more}>
                  {line}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
