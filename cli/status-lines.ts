import { alertSubject, alertTitle } from '../app/alerts/text.ts';
import { joined } from '../app/core/format.ts';
import { text } from '../app/core/i18n.ts';
import type { Recorder } from '../app/core/recorder-note.node.ts';
import type { Result } from '../app/core/result.ts';
import type { Formatter } from '../app/metrics/format.ts';
import type { RecorderStatus } from '../app/recorder/recorder-status.node.ts';

/** "2 × RTX 4090, RTX 3090" */
function cardsText(cards: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const card of cards) counts.set(card, (counts.get(card) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

function recordingText(recorder: Recorder, format: Formatter): string {
  const { source = '–', cards = [], intervalMs, sinceMs, startedBy, pid } = recorder;
  return [
    source,
    cards.length === 0 ? text('cli.recorderStatus.noCards') : cardsText(cards),
    ...(intervalMs === undefined ? [] : [text('recorder.interval', { seconds: format.number(intervalMs / 1000, 1) })]),
    ...(sinceMs === undefined ? [] : [text('cli.recorderStatus.since', { date: format.dateTime(sinceMs) })]),
    startedBy === undefined
      ? text('cli.recorderStatus.process', { pid })
      : text('cli.recorderStatus.by', { by: text(`cli.recorderStatus.startedBy.${startedBy}`), pid }),
  ].join(' · ');
}

function firingText({ state, firing }: RecorderStatus, format: Formatter): string {
  if (state === 'stopped') return text('cli.recorderStatus.notWatched');
  if (!firing.ok) return firing.error.message;
  const names = firing.value.map((alert) => `${alertSubject(text, alert)}: ${alertTitle(text, format, alert)}`);
  return names.length === 0 ? text('cli.recorderStatus.nothingFires') : names.join('; ');
}

function costText({ recorder, historyBytes }: RecorderStatus, format: Formatter): string {
  if (!recorder) return text('cli.recorderStatus.noCost');
  const history = text('cli.recorderStatus.history', { size: joined(format.bytes(historyBytes ?? 0)) });
  if (!recorder.cost) return `${text('cli.recorderStatus.costLater')} · ${history}`;
  const { cpuPct, rssBytes } = recorder.cost;
  const cpu = text('cli.recorderStatus.cpu', { cpu: format.number(cpuPct, 2) });
  return `${cpu} · ${text('cli.recorderStatus.memory', { size: joined(format.bytes(rssBytes, 0)) })} · ${history}`;
}

function nextText({ state, recorder }: RecorderStatus, format: Formatter): string {
  switch (state) {
    case 'recording':
      return text('cli.recorderStatus.nothingToDo');
    case 'stopped':
      return text('cli.recorderStatus.start');
    case 'silent':
      return text('cli.recorderStatus.silent', { date: format.dateTime(recorder!.notedMs!), pid: recorder!.pid });
    case 'faulty':
      return [recorder!.fault!.message, recorder!.fault!.next].filter(Boolean).join(' ');
  }
}

/** The five lines of `slowburn status`: what it records, what fires, what it costs, where data is, what to do. */
export function statusLines(status: RecorderStatus, format: Formatter): string[] {
  const { recorder, folder } = status;
  const rows: readonly (readonly [string, string])[] = [
    [
      text('cli.recorderStatus.label.recording'),
      recorder ? recordingText(recorder, format) : text('cli.recorderStatus.stopped'),
    ],
    [text('cli.recorderStatus.label.alerts'), firingText(status, format)],
    [text('cli.recorderStatus.label.cost'), costText(status, format)],
    [text('cli.recorderStatus.label.data'), folder],
    [text('cli.recorderStatus.label.next'), nextText(status, format)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
}

/** The machine's recorder: its five lines and what it cannot do, or why it cannot be asked. */
export function systemLines(system: Result<RecorderStatus>, format: Formatter): string[] {
  const heading = text('cli.recorderStatus.systemHeading');
  if (!system.ok) return [heading, system.error.message, ...(system.error.next ? [`  ${system.error.next}`] : [])];
  return [heading, ...statusLines(system.value, format), text('cli.service.cannot')];
}
