import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { alertSubject, alertTitle } from '../../app/alerts/text.ts';
import { eventKinds, isIncident, type StoredEvent } from '../../app/history/events.ts';
import { incidentLines, incidentsIn, incidentTitle } from '../../app/history/incident-text.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './event-rail.module.css';

type Marks = ResponseOf<'history.marks'>;
type Props = { readonly fromMs: number; readonly toMs: number; readonly gpuNames: ReadonlyMap<string, string> } & Marks;

/** What happened in the range, on one line under the charts, with words on hover. */
export function EventRail({ fromMs, toMs, gpuNames, alerts, sessions, gaps, events, xids }: Props) {
  const { t } = useTranslation();
  const { format } = useShared();
  function eventText(event: StoredEvent): string {
    const { kind, detail, gpuUuid } = event;
    const gpu = gpuNames.get(gpuUuid ?? '') ?? '';
    if (!isIncident(kind)) return t(`history.${kind}Is`, { version: detail, gpu });
    return incidentsIn([event])
      .flatMap((incident) => [incidentTitle(t, incident, gpu), ...incidentLines(t, format, incident)])
      .join(' ');
  }
  const rows = [
    {
      key: 'session',
      label: t('history.session'),
      marks: sessions.map(({ id, startedMs, endedMs, name }) => ({
        id,
        from: startedMs,
        to: endedMs ?? toMs,
        text: name,
      })),
    },
    {
      key: 'alert',
      label: t('history.alert'),
      marks: alerts.map((alert) => ({
        id: alert.id,
        from: alert.firedMs,
        to: alert.clearedMs ?? toMs,
        text: `${alertSubject(t, alert)}: ${alertTitle(t, format, alert)}`,
      })),
    },
    ...eventKinds.map((kind) => ({
      key: kind,
      label: t(`history.${kind}`),
      marks: events
        .filter((event) => event.kind === kind)
        .map((event) => ({ id: event.id, from: event.fromMs, to: event.toMs, text: eventText(event) })),
    })),
    {
      key: 'xid',
      label: t('history.xid'),
      marks: xids.map(({ id, tsMs, code, gpuName }) => ({
        id,
        from: tsMs,
        to: tsMs,
        text: `${gpuName}: ${t('event.xid', { code })}`,
      })),
    },
    {
      key: 'gap',
      label: t('history.gap'),
      marks: gaps.map((gap) => ({ id: gap.fromMs, from: gap.fromMs, to: gap.toMs, text: t(`gap.${gap.reason}`) })),
    },
  ]
    .map(({ marks, ...row }) => ({ ...row, marks: marks.filter(({ from, to }) => to >= fromMs && from < toMs) }))
    .filter(({ marks }) => marks.length > 0);
  if (rows.length === 0) return null;

  const at = (ms: number): number => ((Math.min(Math.max(ms, fromMs), toMs) - fromMs) / (toMs - fromMs)) * 100;
  return (
    <Panel title={t('history.events')}>
      {rows.map(({ key, label, marks }) => (
        <div key={key} className={css.row}>
          <span className={css.label}>{label}</span>
          <div className={css.rail}>
            {marks.map(({ id, from, to, text }) => (
              <div
                key={id}
                className={css.mark}
                data-kind={key}
                data-hint={`${text} · ${format.dateTime(from)} · ${format.duration(to - from)}`}
                style={{ left: `${at(from)}%`, width: `max(4px, ${at(to) - at(from)}%)` }}
              />
            ))}
          </div>
        </div>
      ))}
    </Panel>
  );
}
