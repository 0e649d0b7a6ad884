import { createFormatter } from '../app/metrics/format.ts';
import { createI18n } from '../app/core/i18n.ts';
import { dataFolder } from '../app/core/folders.node.ts';
import { openMeterNote } from '../app/workload/meter/note.node.ts';
import { isLoopback, openMeter } from '../app/workload/meter/proxy.node.ts';
import { notes, printError } from './terminal.ts';
import { EXIT, settingsOf, type RecordingOptions } from './options.ts';
import { endRecording, startRecording } from './recording.ts';

export type MeterCommandOptions = RecordingOptions & {
  readonly to: URL;
  readonly port: number;
  readonly host: string;
};

const NOTE_EVERY_MS = 500;

/** Port of the server behind the meter, where it is on this machine: so its load is known for its. */
const upstreamPortOf = (to: URL): number | null =>
  isLoopback(to.hostname) ? Number(to.port || (to.protocol === 'https:' ? 443 : 80)) : null;

/** `slowburn meter --to URL --port N`: until Ctrl-C. */
export async function meter(options: MeterCommandOptions): Promise<number> {
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  const { t } = createI18n(locale);
  const folder = dataFolder(options.dataDir);
  const format = createFormatter(locale, settingsOf(folder));
  const recording = await startRecording(options);
  if (!recording.ok) {
    printError(recording.error);
    return EXIT.failed;
  }
  const opened = await openMeter({ to: options.to, port: options.port, host: options.host });
  if (!opened.ok) {
    printError(opened.error);
    await endRecording(recording.value);
    return EXIT.failed;
  }
  const { totals, port, close } = opened.value;
  const note = openMeterNote(folder, upstreamPortOf(options.to));
  note.write(totals());
  const timer = setInterval(() => note.write(totals()), NOTE_EVERY_MS);
  notes.say(t('meter.ready', { to: options.to.origin, host: options.host, port }));
  if (!isLoopback(options.host)) notes.say(t('meter.open', { host: options.host }));

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  clearInterval(timer);
  note.write(totals());
  await close();
  const whole = await endRecording(recording.value);
  note.remove();
  const { requests, tokens, promptTokens, images, busyMs, atLeast } = totals();
  const done = t('meter.done', {
    requests: t('meter.requests', { count: requests }),
    tokens: t('outputs.token', { count: tokens, n: format.number(tokens) }),
    prompt: format.number(promptTokens),
    images: t('outputs.image', { count: images, n: format.number(images) }),
    duration: format.duration(busyMs),
  });
  notes.say('', done, ...(atLeast ? [t('meter.atLeast')] : []));
  return whole ? EXIT.ok : EXIT.failed;
}
