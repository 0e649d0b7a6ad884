// `npm run check:gpu`: everything that only a machine with an NVIDIA GPU can prove.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { metrics, type MetricRow } from '../../app/metrics/metrics.ts';
import { createFrame, readingOf, type Frame } from '../../app/metrics/frame.ts';
import { loadLibrary } from '../../app/telemetry/nvml/library.node.ts';
import type { NvmlLibrary } from '../../app/telemetry/nvml/library.ts';
import { createReader } from '../../app/telemetry/nvml/reader.ts';
import { recordingHeader, recordingLine } from '../../app/telemetry/replay/recording.ts';
import { err, messageOf, type Result } from '../../app/core/result.ts';
import { decodeDocument, type SmiDocument } from '../../app/telemetry/smi/document.ts';
import type { GpuSample } from '../../app/telemetry/source.ts';
import { checkRuns } from './run-energy.ts';

export type Options = { readonly library?: string; readonly nvidiaSmi?: string; readonly seconds?: number };

const ALL = ['tick', 'slow', 'rare', 'request'] as const;
const FOLDER = path.resolve(import.meta.dirname, '../fixtures/recordings');

/** What may differ between two readings a moment apart, by unit; names and states must not. */
const drift: Readonly<Record<MetricRow['unit'], (a: number) => number>> = {
  '°C': () => 3,
  K: () => 3,
  W: (a) => 5 + a, // a working card's instant power doubles within a tenth of a second
  '%': () => 100,
  MHz: (a) => 100 + 0.5 * a,
  B: () => 64 * 2 ** 20, // nvidia-smi rounds to MiB and has its own context
  'B/s': () => Infinity,
  µs: () => 5e6,
  mJ: () => Infinity,
  rpm: (a) => 200 + 0.2 * a,
  '': () => 1,
};

/** Counts and times each call into the library. */
function timed(library: NvmlLibrary) {
  const calls = new Map<string, { count: number; ms: number; worstMs: number }>();
  const wrapped: NvmlLibrary = {
    ...library,
    bind(symbol, parameters) {
      const call = library.bind(symbol, parameters);
      if (!call) return undefined;
      return (...args) => {
        const before = performance.now();
        const code = call(...args);
        const ms = performance.now() - before;
        const known = calls.get(symbol) ?? { count: 0, ms: 0, worstMs: 0 };
        calls.set(symbol, { count: known.count + 1, ms: known.ms + ms, worstMs: Math.max(known.worstMs, ms) });
        return code;
      };
    },
  };
  return { wrapped, calls };
}

function compare(name: string, ours: Frame, theirs: Frame, say: (line: string) => void): number {
  let differences = 0;
  for (const { key, unit, xml } of metrics) {
    if (xml.length === 0) continue;
    const [a, b] = [readingOf(ours, key), readingOf(theirs, key)];
    const same =
      a.state === 'value' && b.state === 'value'
        ? Math.abs(a.value - b.value) <= drift[unit](b.value)
        : (a.state === 'value') === (b.state === 'value');
    if (same) continue;
    // the document tells some limits as margins only: what it leaves out does not contradict
    const alone = a.state === 'value' && b.state === 'unsupported';
    if (!alone) differences++;
    const show = (reading: typeof a) => (reading.state === 'value' ? `${reading.value} ${unit}` : reading.state);
    say(`  ${name}: ${key}: NVML ${show(a)}, nvidia-smi ${show(b)}${alone ? ' (no difference)' : ''}`);
  }
  return differences;
}

/** What nvidia-smi prints at this moment. */
function printed(program: string): Result<SmiDocument> {
  try {
    return decodeDocument(execFileSync(program, ['-q', '-x'], { encoding: 'utf8', maxBuffer: 2 ** 26 }));
  } catch (thrown) {
    return err('not-found', `${program} did not answer: ${messageOf(thrown)}`, 'Name it with --nvidia-smi FILE.');
  }
}

/** @returns the exit code: 0 all agrees, 1 something differs, 2 there is no GPU to check */
export async function run(options: Options, say: (line: string) => void): Promise<number> {
  const loaded = loadLibrary(options.library);
  if (!loaded.ok) {
    say(`${loaded.error.message}\n  This check needs a machine with an NVIDIA GPU and its driver.`);
    return 2;
  }
  const { wrapped, calls } = timed(loaded.value);
  const reader = createReader(wrapped, process.platform === 'win32' ? 4 : 8);
  const { code, gpus } = reader.open();
  if (code !== 0 || gpus.length === 0) {
    say(`NVML could not be opened (code ${code}) or lists no GPU.`);
    return 2;
  }
  const { driver } = reader.versions();
  const readAll = (): GpuSample[] =>
    gpus.map(({ identity: gpu }, position) => {
      const frame = createFrame();
      reader.read(position, ALL, frame);
      return { gpu, frame, processes: reader.processes(position) };
    });

  say('Reading by reading against nvidia-smi');
  const ours = readAll();
  const document = printed(options.nvidiaSmi ?? 'nvidia-smi');
  let differences = 0;
  if (!document.ok) {
    say(`  ${document.error.message}${document.error.next ? ` ${document.error.next}` : ''}`);
    differences++;
  } else {
    for (const { gpu, frame } of ours) {
      const theirs = document.value.gpus.find((one) => one.gpu.uuid === gpu.uuid);
      if (theirs) differences += compare(gpu.name, frame, theirs.frame, say);
      else {
        say(`  ${gpu.name} (${gpu.uuid}) is not in nvidia-smi’s document`);
        differences++;
      }
    }
  }
  say(`  ${differences} differences`);

  say('Cost of each call');
  for (let i = 0; i < 20; i++) readAll();
  for (const [symbol, { count, ms, worstMs }] of [...calls].sort(
    (a, b) => b[1].ms / b[1].count - a[1].ms / a[1].count,
  )) {
    say(
      `  ${symbol.padEnd(48)} ${((1000 * ms) / count).toFixed(1).padStart(9)} µs  worst ${(1000 * worstMs).toFixed(0)} µs`,
    );
  }

  say('Energy of `slowburn run` against the energy counter');
  const outside = await checkRuns(reader, gpus.length, options, say);
  if (outside === undefined) say('  a card has no energy counter');
  else differences += outside;

  const seconds = options.seconds ?? 60;
  const name = `${gpus[0]!.identity.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}--${driver ?? 'unknown'}.jsonl`;
  say(`Recording ${seconds} s`);
  const lines = [
    recordingHeader(
      gpus.map(({ identity }) => identity),
      driver,
    ),
  ];
  for (let i = 0; i < seconds; i++) {
    lines.push(recordingLine({ tsMs: Date.now(), gpus: readAll() }));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  reader.close();
  fs.mkdirSync(FOLDER, { recursive: true });
  fs.writeFileSync(path.join(FOLDER, name), `${lines.join('\n')}\n`);
  say(`  test/fixtures/recordings/${name}`);
  return differences === 0 ? 0 : 1;
}
