import { text } from '../core/i18n.ts';
import type { EventChange } from '../history/events.ts';
import type { History } from '../history/history.ts';
import { incidentLines, incidentsIn, incidentTitle } from '../history/incident-text.ts';
import { createLastReadings } from '../history/last-readings.ts';
import type { Formatter } from '../metrics/format.ts';
import type { Notice } from './file-keeper.node.ts';
import type { RunMark, ThisBoot } from './run-mark.node.ts';

/** Before this the cards say nothing about the end. */
const LAST_MS = 60_000;

/**
 * Judges how the recorder before this one ended that left its mark. Ended in the same boot: it was killed or crashed, and
 * the machine ran on. Ended in an earlier boot: the machine stopped, unless the system recorded a shutdown.
 * @returns an event for each card that was working at its last sample; none where nothing can be said
 */
export function stopsOf(
  { extent, gpus, samplesBetween }: Pick<History, 'extent' | 'gpus' | 'samplesBetween'>,
  mark: RunMark,
  boot: ThisBoot,
): EventChange[] {
  if (mark.bootId === undefined || boot.bootId === undefined || mark.bootId === boot.bootId) return [];
  const endMs = extent()?.toMs;
  if (endMs === undefined || endMs <= mark.startedMs) return []; // it recorded nothing
  const stopped = gpus.list().flatMap(({ uuid }) => {
    const last = createLastReadings();
    for (const { tsMs, frame } of samplesBetween(uuid, Math.max(mark.startedMs, endMs - LAST_MS), endMs))
      last.note(tsMs, frame);
    const seen = last.result();
    return seen?.loaded ? [{ uuid, last: seen }] : [];
  });
  if (stopped.length === 0) return [];
  const { recorded, startedMs = boot.startedMs } = boot.endOf(endMs - 1);
  if (recorded === 'shutdown') return [];
  return stopped.map(({ uuid, last }) => ({
    uuid,
    kind: 'stopped',
    fromMs: last.atMs,
    toMs: Math.max(last.atMs, startedMs), // a clock that was wrong at the start must not turn it around
    detail: recorded === 'none' ? 'no-shutdown' : 'unknown',
    last,
  }));
}

/**
 * Writes the stops that follow from a mark into the history.
 * @returns the newest, for whoever starts the recorder after it
 */
export function noteStops(
  history: Pick<History, 'extent' | 'gpus' | 'samplesBetween' | 'recordEvent' | 'events'>,
  mark: RunMark | undefined,
  boot: ThisBoot,
  formatter: () => Formatter,
): Notice | undefined {
  const stops = mark ? stopsOf(history, mark, boot) : [];
  for (const stop of stops) history.recordEvent(stop);
  const [incident] = stops.length > 0 ? incidentsIn(history.events.incidents(1)) : [];
  if (!incident) return undefined;
  const name = history.gpus.list().find(({ uuid }) => uuid === incident.gpuUuid)?.name ?? '';
  const format = formatter(); // only now: it takes megabytes
  const lines = [incidentTitle(text, incident, name), ...incidentLines(text, format, incident)];
  return { message: lines.join(' '), next: text('incident.next') };
}
