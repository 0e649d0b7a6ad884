import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { absentFrame, createFrame, hasValue, readingOf, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { type Reading } from '../../app/core/reading.ts';
import { loadLibrary } from '../../app/telemetry/nvml/library.node.ts';
import type { NativeCall, NvmlLibrary } from '../../app/telemetry/nvml/library.ts';
import { createReader, type NvmlReader, type ReaderGpu } from '../../app/telemetry/nvml/reader.ts';
import { allReturnCodes, endsReading, returnCode } from '../../app/telemetry/nvml/return-codes.ts';
import { compileMock, controlMock, logMock, type MockControl } from '../support/mock-nvml.ts';

// Every call that the reader makes × every code that NVML knows, on the real reader through the real binding. The calls
// are those that were seen being made; what each one is asked for is looked up in the catalogue of metrics.

const FAULTY = 0; // of two GPUs: the one that is read after it has to go on
const all = ['tick', 'slow', 'rare', 'request'] as const;
const keys = metrics.map(({ key }) => key);

/** A card that has everything that a row of the catalogue asks for. */
const rich = [
  'profile * a100',
  'set -1 count 2',
  ...Object.entries({
    ...{ energy_mj: 5_000_000, margin: 22, fans: 4, encoder: 3, jpeg: 5, ofa: 7, mem_max: 95, video: 1500 },
    ...{ field_186_1: 640_000, field_29: 1, field_30: 2, field_31: 0, field_230: 0, field_91: 2 },
    ...{ mig_mode: 1, mig_slots: 3, mig_instances: 2, process_pid: 4321, graphics_pid: 5000, process_count: 2 },
  }).map(([name, value]) => `set * ${name} ${value}`),
];

/** Names that a later driver brought. Each list is an older driver still. */
const newest = [
  ...['nvmlInit_v2', 'nvmlDeviceGetCount_v2', 'nvmlDeviceGetHandleByIndex_v2', 'nvmlDeviceGetHandleByPciBusId_v2'],
  ...['nvmlDeviceGetPciInfo_v3', 'nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetCurrentClocksEventReasons'],
  ...['nvmlDeviceGetFanSpeed_v2', 'nvmlEventSetWait_v2'],
  ...['nvmlDeviceGetComputeRunningProcesses_v3', 'nvmlDeviceGetGraphicsRunningProcesses_v3'],
];
const newer = [
  ...newest,
  ...['nvmlDeviceGetPciInfo_v2', 'nvmlDeviceGetComputeRunningProcesses_v2', 'nvmlDeviceGetGraphicsRunningProcesses_v2'],
];
const slots = ['00000000:01:00.0', '00000000:02:00.0'];
const setups = [
  { without: [], only: undefined },
  { without: [], only: slots },
  { without: newest, only: undefined },
  { without: newest, only: slots },
  { without: newer, only: undefined },
] as const;

/** The library, each of whose symbols is looked up once in this file, and which of them were called. */
function watched(library: NvmlLibrary): { readonly library: NvmlLibrary; readonly called: Set<string> } {
  const called = new Set<string>();
  const bound = new Map<string, NativeCall | undefined>();
  const bind: NvmlLibrary['bind'] = (symbol, parameters) => {
    if (!bound.has(symbol)) {
      const call = library.bind(symbol, parameters);
      bound.set(symbol, call && ((...args) => (called.add(symbol), call(...args))));
    }
    return bound.get(symbol);
  };
  return { library: { ...library, bind }, called };
}

type Seen = {
  readonly code: number;
  readonly gpus: readonly ReaderGpu[];
  readonly codes: readonly number[];
  readonly frames: readonly Frame[];
  readonly processes: ReturnType<NvmlReader['processes']>[];
  readonly mig: ReturnType<NvmlReader['mig']>[];
};

function read(reader: NvmlReader, { code, gpus }: ReturnType<NvmlReader['open']>): Seen {
  const frames = gpus.map(() => createFrame());
  const codes = gpus.map((_, position) => reader.read(position, all, frames[position]!));
  const mig = gpus.map((_, position) => reader.mig(position));
  const processes = gpus.map((_, position) => reader.processes(position));
  reader.events();
  return { code, gpus, codes, frames, processes, mig };
}

const isSame = (a: Frame, b: Frame, i: number): boolean =>
  a.values[i] === b.values[i] && a.states[i] === b.states[i] && a.reasons[i] === b.reasons[i];
/** Metrics that two frames do not agree upon, with what the first says. */
const differences = (frame: Frame, expected: Frame): string[] =>
  keys.filter((_, i) => !isSame(frame, expected, i)).map((key) => `${key}: ${JSON.stringify(readingOf(frame, key))}`);

const linkKeys: readonly MetricKey[] = ['nvlinkActive', 'nvlinkReplays', 'nvlinkRecoveries', 'nvlinkCrcErrors'];
/** What can only be asked for when another call has answered. */
const follows: Readonly<Record<string, readonly MetricKey[]>> = {
  nvmlDeviceGetFieldValues: linkKeys,
  nvmlDeviceGetNvLinkState: linkKeys,
  nvmlDeviceGetMigMode: ['migInstances'],
  nvmlDeviceGetMaxMigDeviceCount: ['migInstances'],
};
const opening = /^nvmlInit|^nvmlDeviceGetCount/;
const openingOne = /^nvmlDeviceGetHandleBy|^nvmlDeviceGetUUID$/;

/** The metrics that a call has answered in a frame, by the catalogue. */
function answeredBy(symbol: string, frame: Frame): MetricKey[] {
  const direct = metrics
    .filter(({ nvml }, i) => {
      const name: string | undefined = nvml[frame.via[i]!];
      return name === symbol || (symbol === 'nvmlDeviceGetFieldValues' && name?.startsWith('NVML_FI_'));
    })
    .map(({ key }) => key);
  return [...new Set([...direct, ...(follows[symbol] ?? [])])];
}

/** A reading that the driver did not give must not look like one: the old value, an older call's value, or none. */
function inventions(seen: Seen, usual: readonly Seen[]): string[] {
  const readings = seen.frames.flatMap((frame, gpu) =>
    keys
      .filter((_, i) => hasValue(frame, i) && !usual.some(({ frames }) => isSame(frame, frames[gpu]!, i)))
      .filter((key) => !(key === 'migInstances' && valueOf(frame, key) === 0)) // slots that are empty: see below
      .map((key) => `${key} of GPU ${gpu}: ${valueOf(frame, key)}`),
  );
  const processes = seen.processes.flatMap((list, gpu) =>
    (list ?? [])
      .filter(({ pid, type }) => !usual[0]!.processes[gpu]?.some((known) => known.pid === pid && known.type === type))
      .map(({ pid }) => `process ${pid} of GPU ${gpu}`),
  );
  return [...readings, ...processes];
}

/** What is wrong with one reading of the GPU whose call has failed. */
function misjudged(reading: Reading, symbol: string, code: number): boolean {
  const { means } = returnCode(code);
  if (symbol === 'nvmlDeviceGetMigDeviceHandleByIndex' && code === 6) return numberIn(reading) !== 0; // empty slots
  // a card that has no such fan; the percentage may still come by an older call
  if (/^nvmlDeviceGetFanSpeed(_v2|RPM)$/.test(symbol) && code === 2) {
    return !(reading.state === 'unsupported' || (reading.state === 'value' && symbol.endsWith('_v2')));
  }
  if (reading.state === 'value') return means !== 'unsupported'; // only then an older call is taken instead
  return reading.state !== means || (means !== 'unsupported' && reading.reason !== code);
}
const numberIn = (reading: Reading): number | undefined => (reading.state === 'value' ? reading.value : undefined);

/** Metrics of the faulty GPU that do not say what the code means, or that another call's fault has touched. */
function wrongReasons(seen: Seen, symbol: string, code: number, baseline: Seen): string[] {
  const frame = seen.frames[FAULTY]!;
  const usual = baseline.frames[FAULTY]!;
  const answered = answeredBy(symbol, usual);
  const ends = openingOne.test(symbol) || (answered.length > 0 && endsReading(code));
  expect(seen.codes[FAULTY]).toBe(ends ? code : 0);
  expect(seen.gpus[FAULTY]!.openCode).toBe(openingOne.test(symbol) ? code : 0);
  if (ends) return differences(frame, absentFrame(returnCode(code).means, code));
  return keys
    .filter((key, i) =>
      answered.includes(key) ? misjudged(readingOf(frame, key), symbol, code) : !isSame(frame, usual, i),
    )
    .map((key) => `${key}: ${JSON.stringify(readingOf(frame, key))}`);
}

describe('a fault in any call', () => {
  const covered = new Map<string, number>();
  let cases = 0;
  afterAll(() => {
    console.log(`fault matrix: ${covered.size} calls × ${allReturnCodes.length} codes = ${cases} cases`);
  });

  /** Runs one case and says what is wrong with it. */
  function check(
    library: NvmlLibrary,
    control: MockControl,
    symbol: string,
    scope: number,
    code: number,
    context: Context,
  ) {
    const { only, usual } = context;
    const baseline = usual[0]!;
    const reader = createReader(library, 8);
    control.set(...rich, `code ${scope} ${symbol} ${code}`);
    const opened = reader.open(only);
    reader.versions();
    const seen = read(reader, opened);
    expect(inventions(seen, usual)).toEqual([]);
    if (opening.test(symbol)) expect(seen).toMatchObject({ code, gpus: [] });
    else {
      expect(seen.code).toBe(0);
      baseline.frames.forEach((frame, gpu) => {
        if (gpu !== FAULTY) expect(differences(seen.frames[gpu]!, frame), `GPU ${gpu}`).toEqual([]);
      });
      expect(wrongReasons(seen, symbol, code, baseline)).toEqual([]);
    }

    control.set(...rich);
    const reopens = opening.test(symbol) || seen.codes.some((one) => one !== 0);
    let again: Seen;
    if (reopens) {
      reader.close();
      again = read(reader, reader.open(only));
    } else {
      // what is not supported is asked again on the rare cadence, of which the next tick knows; the rest at once
      if (returnCode(code).means === 'unsupported' || code === 2) read(reader, opened);
      again = read(reader, opened);
    }
    expect(again.gpus.map(({ identity }) => identity.uuid)).toEqual(baseline.gpus.map(({ identity }) => identity.uuid));
    again.frames.forEach((frame, gpu) => expect(differences(frame, baseline.frames[gpu]!)).toEqual([]));
    expect(again.mig).toEqual(baseline.mig);
    reader.close();
  }
  type Context = { readonly only: readonly string[] | undefined; readonly usual: readonly Seen[] };

  it.each(setups)(
    'is reported as what it is, harms nothing else, and passes (setup %#)',
    ({ without, only }) => {
      const control = controlMock(...rich);
      const loaded = loadLibrary(compileMock(without));
      const old = loadLibrary(compileMock(newer));
      if (!loaded.ok || !old.ok) throw new Error('the stand-in driver does not load');
      const { library, called } = watched(loaded.value);
      const look = (from: NvmlLibrary): Seen => {
        const reader = createReader(from, 8);
        const opened = reader.open(only);
        reader.versions();
        const seen = read(reader, opened);
        reader.close();
        return seen;
      };
      const log = logMock();
      const baseline = look(library);
      const scopes = new Map(log.calls().map((line) => line.split(' ').reverse() as [string, string]));
      delete process.env['MOCK_NVML_LOG'];
      const usual = [baseline, ...(only ? [] : [look(old.value)])];
      if (without.length === 0) {
        expect(keys.filter((key) => readingOf(baseline.frames[FAULTY]!, key).state !== 'value')).toEqual([]);
      }
      for (const symbol of [...called]) {
        expect(scopes.has(symbol), `the stand-in driver knows ${symbol}`).toBe(true);
        if (covered.has(symbol)) continue;
        const scope = scopes.get(symbol) === '-1' ? -1 : FAULTY;
        for (const code of allReturnCodes) {
          try {
            check(library, control, symbol, scope, code, { only, usual });
          } catch (thrown) {
            throw new Error(`${symbol} answers ${returnCode(code).name}: ${(thrown as Error).message}`, {
              cause: thrown,
            });
          }
          cases++;
        }
        covered.set(symbol, allReturnCodes.length);
      }
      library.unload();
      old.value.unload();
    },
    120_000,
  );

  it('was tried for every symbol that the code names', () => {
    const folder = path.resolve(import.meta.dirname, '../../app/telemetry/nvml');
    const named = fs
      .readdirSync(folder)
      .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').match(/(?<=')nvml[A-Z]\w+(?=')/g) ?? []);
    expect(named.length).toBeGreaterThan(60);
    expect([...new Set(named)].filter((symbol) => !covered.has(symbol))).toEqual([]);
    const catalogue: readonly string[] = metrics.flatMap(({ nvml }) => nvml);
    expect(catalogue.filter((symbol) => symbol.startsWith('nvml') && !covered.has(symbol))).toEqual([]);
  });
});
