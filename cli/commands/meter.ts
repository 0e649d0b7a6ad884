import { Option } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { openMeterNote } from '../../app/workload/meter/note.node.ts';
import { isLoopback, openMeter } from '../../app/workload/meter/proxy.node.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { addressOption, EXIT, portOption, settingsOf, type RecordingOptions } from '../options.ts';
import { endRecording, startRecording } from '../recording.ts';
import { recordingOptions } from '../shared-options.ts';
import { notes, printError } from '../terminal.ts';

export type MeterCommandOptions = RecordingOptions & {
  readonly to: URL;
  readonly port: number;
  readonly host: string;
  readonly allowHost?: readonly string[];
};

const NOTE_EVERY_MS = 500;

/** Port of the metered server if it is on this machine. It connects the load of that server to the meter. */
const upstreamPortOf = (to: URL): number | null =>
  isLoopback(to.hostname) ? Number(to.port || (to.protocol === 'https:' ? 443 : 80)) : null;

/** Meters until Ctrl-C. */
async function meterRequests(options: MeterCommandOptions): Promise<number> {
  const folder = dataFolder(options.dataDir);
  const format = formatterOf(settingsOf(folder));
  const recording = await startRecording(options);
  if (!recording.ok) {
    printError(recording.error);
    return EXIT.failed;
  }
  const { to, port: wanted, host, allowHost = [] } = options;
  const opened = await openMeter({ to, port: wanted, host, allowHosts: allowHost });
  if (!opened.ok) {
    printError(opened.error);
    await endRecording(recording.value);
    return EXIT.failed;
  }
  const { totals, port, close } = opened.value;
  const note = openMeterNote(folder, upstreamPortOf(options.to));
  note.write(totals());
  const timer = setInterval(() => note.write(totals()), NOTE_EVERY_MS);
  notes.say(text('cli.meter.ready', { to: options.to.origin, host: options.host, port }));
  if (!isLoopback(options.host)) notes.say(text('cli.meter.open', { host: options.host }));

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  clearInterval(timer);
  note.write(totals());
  await close();
  const whole = await endRecording(recording.value);
  note.remove();
  const { requests, tokens, promptTokens, images, busyMs, inexact } = totals();
  const done = text('cli.meter.done', {
    requests: text('cli.meter.requests', { count: requests }),
    tokens: text('outputs.token', { count: tokens, n: format.number(tokens) }),
    prompt: format.number(promptTokens),
    images: text('outputs.image', { count: images, n: format.number(images) }),
    duration: format.duration(busyMs),
  });
  notes.say('', done, ...(inexact > 0 ? [text('cli.meter.atLeast', { count: inexact })] : []));
  return whole ? EXIT.ok : EXIT.failed;
}

/** `slowburn meter --to URL --port N`: counts what a server generates, as a proxy in front of it. */
export const meter = {
  description: () => text('cli.meter.description'),
  options: () => [
    ...recordingOptions(),
    new Option('--to <url>', text('cli.meter.to')).argParser(addressOption).makeOptionMandatory(),
    new Option('--port <port>', text('cli.meter.port')).argParser(portOption).makeOptionMandatory(),
    new Option('--host <address>', text('cli.meter.host')).default('127.0.0.1'),
    new Option('--allow-host <name...>', text('cli.meter.allowHost')),
  ],
  run: meterRequests,
} satisfies Command;
