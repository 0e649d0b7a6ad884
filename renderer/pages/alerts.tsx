import { Table } from '@mantine/core';
import { useCallback, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { alertRules, type AlertRule } from '../../app/alerts/rules.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { alertAdvice, alertTitle, alertValue, ruleText, watchedValue } from '../../app/alerts/text.ts';
import { incidentLines, incidentsIn, incidentTitle } from '../../app/history/incident-text.ts';
import { useShared } from '../context.tsx';
import { keepEqual } from '../keep-equal.ts';
import { valueIn } from '../live/readings.ts';
import { useLive, type Live } from '../live/store.ts';
import { PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import css from './alerts.module.css';
import table from './table.module.css';

const NEWEST = 200;

type CardLimit = { readonly name: string; readonly limit: number | undefined };

function Firing({ alert }: { readonly alert: StoredAlert }) {
  const { t } = useTranslation();
  const { format } = useShared();
  return (
    <div className={css.firing} data-severity={alert.severity} role="alert">
      <span aria-hidden className={css.sign}>
        {alert.severity === 'act' ? '■' : '▲'}
      </span>
      <div>
        <p>
          <strong>{alert.gpuName}</strong> · {t(`severity.${alert.severity}`)}
        </p>
        <p>{alertTitle(t, format, alert)}</p>
        <p className={css.more}>
          {t('alerts.since', { when: format.time(alert.firedMs) })} · {t('alerts.peak')}{' '}
          {alertValue(format, alert, alert.peak)}
        </p>
        <p className={css.more}>{alertAdvice(t, alert)}</p>
      </div>
    </div>
  );
}

/** Xid errors and who reported them. */
function DriverEvents() {
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
function Incidents() {
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

const sameLimits = (a: readonly CardLimit[], b: readonly CardLimit[]): boolean => keepEqual(a, b) === a;

/** Where a rule's limit lies on each card. */
function Limits({ rule }: { readonly rule: AlertRule }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const select = useCallback(
    ({ gpus }: Live): readonly CardLimit[] =>
      gpus.map(({ gpu, readings }) => ({ name: gpu.name, limit: rule.limit((key) => valueIn(readings, key)) })),
    [rule],
  );
  return useLive(select, sameLimits)
    .map(
      ({ name, limit }) =>
        `${name}: ${limit === undefined ? t('alerts.noLimits') : watchedValue(format, rule.metric, limit)}`,
    )
    .join(' · ');
}

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
          firing.map((alert) => <Firing key={alert.id} alert={alert} />)
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
                  <Table.Td>{alert.gpuName}</Table.Td>
                  <Table.Td>{alertTitle(t, format, alert)}</Table.Td>
                  <Table.Td>{alertValue(format, alert, alert.peak)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Panel>
      <Incidents />
      <DriverEvents />
      <Panel title={t('alerts.rules')}>
        <ul className={css.rules}>
          {alertRules.map((rule) => (
            <li key={rule.id}>
              <p>{ruleText(t, format, rule)}</p>
              <p className={css.more}>
                <Limits rule={rule} />
              </p>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}
