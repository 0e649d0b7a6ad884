import { Table } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { alertRuleOf } from '../../app/alerts/rules.ts';
import { alertSubject, alertTitle, alertValue, hasLevel } from '../../app/alerts/text.ts';
import css from '../alerts/alerts.module.css';
import { ChannelsPanel } from '../alerts/channels-panel.tsx';
import { FiringAlert } from '../alerts/firing-alerts.tsx';
import { DriverEvents, Incidents } from '../alerts/past-events.tsx';
import { RulesPanel } from '../alerts/rules-panel.tsx';
import { useShared } from '../context.tsx';
import { PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import table from './table.module.css';

const NEWEST = 200;

export function AlertsPage() {
  const { t } = useTranslation();
  const { format, firing } = useShared();
  const { data: newest, again } = useQuestion('alerts.newest', { limit: NEWEST });
  useEffect(again, [firing, again]);
  const cleared = newest?.filter(({ clearedMs }) => clearedMs !== null) ?? [];

  return (
    <>
      <PageHeader title={t('alerts.title')} />
      <Panel title={t('alerts.now')}>
        {firing.length === 0 ? (
          <p className={css.quiet}>{t('alerts.none')}</p>
        ) : (
          firing.map((alert) => <FiringAlert key={alert.id} alert={alert} />)
        )}
      </Panel>
      <Panel title={t('alerts.past')}>
        {cleared.length === 0 ? (
          <p className={css.quiet}>{t('alerts.noPast')}</p>
        ) : (
          <Table className={table.table} verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('alerts.fired')}</Table.Th>
                <Table.Th>{t('alerts.lasted')}</Table.Th>
                <Table.Th>{t('alerts.gpu')}</Table.Th>
                <Table.Th>{t('alerts.what')}</Table.Th>
                <Table.Th>{t('alerts.peak')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {cleared.map((alert) => (
                <Table.Tr key={alert.id}>
                  <Table.Td>{format.dateTime(alert.firedMs)}</Table.Td>
                  <Table.Td>{format.duration(alert.clearedMs! - alert.firedMs)}</Table.Td>
                  <Table.Td>{alertSubject(t, alert)}</Table.Td>
                  <Table.Td>{alertTitle(t, format, alert)}</Table.Td>
                  <Table.Td>
                    {hasLevel(alertRuleOf(alert.rule).watches) ? alertValue(format, alert, alert.peak) : ''}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Panel>
      <Incidents />
      <DriverEvents />
      <RulesPanel />
      <ChannelsPanel />
    </>
  );
}
