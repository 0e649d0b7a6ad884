import { joined } from '../core/format.ts';
import type { Translate } from '../core/i18n.ts';
import type { Formatter } from '../metrics/format.ts';
import { metricOf } from '../metrics/metrics.ts';
import { isIncident, type IncidentKind, type StoredEvent } from './events.ts';
import { lastKeys, type LastReadings } from './last-readings.ts';

/** An event with what was seen before it: lost, reset, or a machine that stopped. */
export type Incident = StoredEvent & { readonly kind: IncidentKind };

export const incidentsIn = (events: readonly StoredEvent[]): Incident[] =>
  events.filter((event): event is Incident => isIncident(event.kind));

/** What happened, without claiming more than is known: "The driver lost RTX 4090". */
export function incidentTitle(t: Translate, { kind, detail }: Incident, gpu: string): string {
  if (kind === 'stopped') return t(`incident.stopped.${detail === 'no-shutdown' ? 'noShutdown' : 'unknown'}`, { gpu });
  return t(`incident.${kind}`, { gpu });
}

function readingsText(format: Formatter, { values, peakW }: LastReadings, t: Translate): string {
  const parts = lastKeys.flatMap((key) => {
    const value = values[key];
    return value === undefined ? [] : [`${t(`metric.${key}`)} ${joined(format.metric(metricOf(key), value))}`];
  });
  if (peakW !== undefined && peakW > (values.powerW ?? 0))
    parts.push(t('incident.peak', { power: joined(format.metric(metricOf('powerW'), peakW)) }));
  return parts.join(', ');
}

/** How often it happened to this card, and at which power: "3 times on record, at 540 W or more". */
function timesText(t: Translate, format: Formatter, times: NonNullable<Incident['times']>): string {
  const { count, lowW, highW } = times;
  if (count === 1) return t('incident.first');
  if (lowW === null || highW === null) return t('incident.times', { count });
  const watts = (value: number): string => joined(format.metric(metricOf('powerW'), value));
  return t('incident.timesAt', { count, low: watts(lowW), high: watts(highW) });
}

/** What was seen before it, how often it has happened, and what can have caused it, as sentences. */
export function incidentLines(t: Translate, format: Formatter, incident: Incident): string[] {
  const { kind, last, times, fromMs, toMs } = incident;
  const seen = last
    ? t('incident.seen', {
        when: `${format.date(last.atMs)}, ${format.time(last.atMs)}`,
        readings: readingsText(format, last, t),
      })
    : t('incident.nothingSeen');
  const after =
    kind === 'stopped' ? [t('incident.again', { after: format.duration(toMs - fromMs) }), t('incident.causes')] : [];
  return [seen, ...(times ? [timesText(t, format, times)] : []), ...after];
}
