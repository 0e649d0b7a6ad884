import { Option } from 'commander';
import { alertSubject, alertTitle } from '../../app/alerts/text.ts';
import { text } from '../../app/core/i18n.ts';
import { dataFolder } from '../../app/core/folders.node.ts';
import type { CollectorEvents } from '../../app/recorder/collector.ts';
import { openServiceNotify } from '../../app/recorder/service-notify.node.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { SourceSpec } from '../../app/telemetry/sources.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, intervalOption, settingsOf, sourceOption } from '../options.ts';
import { recordHere } from '../recording.ts';
import { loadConfig } from '../service/config.ts';
import { takeFolder } from '../service/take-folder.ts';
import { startWatchdog } from '../service/watchdog.ts';
import { dataDirOption } from '../shared-options.ts';
import { notes, out, printError } from '../terminal.ts';

type RecordOptions = { readonly source?: SourceSpec; readonly interval?: number; readonly dataDir?: string };

/** `auto` for a service: it never falls back to the simulator, because that could go unnoticed for months. */
const realSources: readonly SourceSpec[] = [{ kind: 'nvml' }, { kind: 'nvidia-smi' }];

/** Prints lines that the previous call did not have. */
function printerOfNew(): (lines: readonly string[]) => void {
  let printed = new Set<string>();
  return (lines) => {
    for (const line of lines) if (!printed.has(line)) out.say(line);
    printed = new Set(lines);
  };
}

/** Says what is recorded. The sentence is made when it changes: the state is the same for days. */
function sentenceOfState(): (count: number, source: string) => string {
  let last = { count: -1, source: '', said: '' };
  return (count, source) => {
    if (count !== last.count || source !== last.source)
      last = { count, source, said: text('cli.record.recording', { count, source }) };
    return last.said;
  };
}

/** Records until it is stopped, and reports to the service manager: when it is ready, what it does, that it is alive. */
async function recordAsService(given: RecordOptions): Promise<number> {
  const config = loadConfig(process.env);
  if (!config.ok) {
    printError(config.error);
    return EXIT.usage;
  }
  const notify = openServiceNotify();
  const watchdog = startWatchdog(notify);
  const [printFaults, printAlerts] = [printerOfNew(), printerOfNew()];
  let shown = '';
  const recordingOf = sentenceOfState();
  const events: CollectorEvents = {
    onTick({ fault, gpus, source }: Tick) {
      watchdog.alive();
      printFaults(fault ? [[fault.message, fault.next].filter(Boolean).join(' ')] : []);
      const now = fault?.message ?? recordingOf(gpus.length, source.label);
      if (now !== shown) notify.send('READY=1', `STATUS=${now.replaceAll('\n', ' ')}`);
      shown = now;
    },
    onAlerts(firing) {
      const format = formatterOf(settingsOf(dataFolder(given.dataDir)));
      printAlerts(firing.map((alert) => `! ${alertSubject(text, alert)}: ${alertTitle(text, format, alert)}`));
    },
    onSessions: () => undefined,
    onNotice: printError,
  };

  const { source = { kind: 'auto' }, ...options } = { ...config.value, ...given };
  const tried = source.kind === 'auto' ? realSources : [source];
  const open = (from: SourceSpec) =>
    takeFolder(dataFolder(options.dataDir), () =>
      recordHere('service', { ...options, source: from, speed: 1 }, events),
    );
  let opened = await open(tried[0]!);
  const first = opened;
  for (const other of tried.slice(1)) {
    if (opened.ok || opened.error.code !== 'source-unavailable') break;
    opened = await open(other);
  }
  if (!opened.ok) {
    watchdog.stop();
    printError(first.ok || opened.error.code !== 'source-unavailable' ? opened.error : first.error);
    return EXIT.failed;
  }
  const { collector } = opened.value;
  if (collector.setAside) notes.say(text('cli.history.setAside', { file: collector.setAside }));

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    void collector.finished.then(resolve);
  });
  notify.send('STOPPING=1');
  watchdog.stop();
  const stopped = await collector.stop();
  if (!stopped.ok) printError(stopped.error);
  return stopped.ok ? EXIT.ok : EXIT.failed;
}

/** `slowburn record`: the recorder as a service manager starts it, without a table. */
export const record = {
  description: () => text('cli.record.description'),
  options: () => [
    new Option('--source <source>', text('cli.record.source')).argParser(sourceOption),
    dataDirOption(),
    new Option('--interval <seconds>', text('cli.option.interval')).argParser(intervalOption),
  ],
  run: recordAsService,
} satisfies Command;
