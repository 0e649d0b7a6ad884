import { expect } from 'vitest';
import { metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import { type Reading } from '../../app/core/reading.ts';
import type { SmiGpu } from '../../app/telemetry/smi/gpu.ts';
import { degrees, numberIn, readingIn } from './cells.ts';
import { cellAt, parseLines, type Line } from './lines.ts';
import { printed } from './printed.ts';
import { elementsAt, parseXml, textAt, type Element } from './xpath.ts';

type Golden = Map<MetricKey, number | Reading['state']>;

/** What one GPU's part of a document says, read by the second path. */
export type GoldenGpu = {
  readonly uuid: string | undefined;
  readonly name: string | undefined;
  readonly vbios: string | undefined;
  readonly slot: string | undefined;
  readonly readings: Golden;
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
  readonly mig: readonly { readonly index: number; readonly totalBytes: number | undefined }[];
};

/** Bit of nvmlClocksEventReasons (nvml.h) → its tag after the prefix, and its name in the text. */
const reasons: readonly (readonly [number, string, string])[] = [
  [0x1, 'gpu_idle', 'Idle'],
  [0x2, 'applications_clocks_setting', 'Applications Clocks Setting'],
  [0x4, 'sw_power_cap', 'SW Power Cap'],
  [0x8, 'hw_slowdown', 'HW Slowdown'],
  [0x10, 'sync_boost', 'Sync Boost'],
  [0x20, 'sw_thermal_slowdown', 'SW Thermal Slowdown'],
  [0x40, 'hw_thermal_slowdown', 'HW Thermal Slowdown'],
  [0x80, 'hw_power_brake_slowdown', 'HW Power Brake Slowdown'],
  [0x100, 'display_clocks_setting', 'Display Clock Setting'],
];

function maskIn(cellOf: (reason: (typeof reasons)[number]) => string | undefined): number | Reading['state'] {
  const cells = reasons.map((reason) => [reason[0], cellOf(reason)] as const);
  const told = cells.filter(([, cell]) => cell === 'Active' || cell === 'Not Active');
  if (cells.every(([, cell]) => cell === undefined)) return 'unreported';
  if (told.length === 0) return cells.some(([, cell]) => cell === 'GPU is lost') ? 'lost' : 'unsupported';
  return told.filter(([, cell]) => cell === 'Active').reduce((mask, [bit]) => mask | bit, 0);
}

/** Ada and later print how far they are from a limit: the limit is temperature + margin − offset. */
function addDerived(readings: Golden, offsets: Readonly<Record<string, string | undefined>>): void {
  const [core, margin] = [readings.get('coreTempC'), readings.get('tempMarginK')];
  for (const [key, cell] of Object.entries(offsets) as [MetricKey, string | undefined][]) {
    if (readings.get(key) === 0) readings.set(key, 'unsupported'); // a card that says "none"
    const offset = cell === undefined ? undefined : numberIn(cell, degrees);
    if (typeof readings.get(key) === 'number' || typeof core !== 'number' || typeof margin !== 'number') continue;
    if (offset !== undefined) readings.set(key, core + margin - offset);
  }
}

const said = (text: string | undefined): string | undefined => (text === 'N/A' || text === '' ? undefined : text);
const mebibytes = (cell: string | undefined) =>
  cell === undefined ? undefined : numberIn(cell, printed.vramUsedBytes.kind);

function goldenXml(gpu: Element): GoldenGpu {
  const cellOf = (path: string) => textAt(gpu, path);
  const readings: Golden = new Map(
    metrics.map(({ key }) => [key, readingIn(printed[key].xml ?? [], cellOf, printed[key].kind)]),
  );
  const mask = (prefix: string) =>
    maskIn(([, tag]) => textAt(gpu, `clocks_${prefix}_reasons/clocks_${prefix}_reason_${tag}`));
  const event = mask('event');
  readings.set('throttleReasons', event === 'unreported' ? mask('throttle') : event);
  const instances = elementsAt(gpu, 'mig_devices/mig_device');
  if (readings.get('migMode') === 1) readings.set('migInstances', instances.length);
  addDerived(readings, {
    tempShutdownC: cellOf('temperature/gpu_temp_max_tlimit_threshold'),
    tempSlowdownC: cellOf('temperature/gpu_temp_slow_tlimit_threshold'),
    tempMaxC: cellOf('temperature/gpu_temp_max_gpu_tlimit_threshold'),
    tempTargetC: undefined,
  });
  return {
    uuid: said(cellOf('uuid')),
    name: said(cellOf('product_name')),
    vbios: said(cellOf('vbios_version')),
    slot: said(cellOf('pci/pci_bus_id')),
    readings,
    processes: elementsAt(gpu, 'processes/process_info').map((info) => ({
      pid: Number(textAt(info, 'pid')),
      name: textAt(info, 'process_name') ?? '',
    })),
    mig: instances.map((instance) => ({
      index: Number(textAt(instance, 'index')),
      totalBytes: mebibytes(textAt(instance, 'fb_memory_usage/total')),
    })),
  };
}

function goldenText(lines: readonly Line[]): GoldenGpu {
  const cellOf = (path: string) => cellAt(lines, path);
  const cellsOf = (path: string) => lines.filter((line) => line.path === path).map(({ cell }) => cell);
  const readings: Golden = new Map(
    metrics.map(({ key }) => [key, readingIn(printed[key].text ?? [], cellOf, printed[key].kind)]),
  );
  // the kinds of a slowdown stand below it, indented further
  readings.set(
    'throttleReasons',
    maskIn(([, , name]) => cellOf(`Clocks Event Reasons > ${name}`) ?? cellOf(`Clocks Throttle Reasons > ${name}`)),
  );
  const indices = cellsOf('MIG Device > Index');
  const totals = cellsOf('MIG Device > Shared FB Memory Usage > Total');
  if (readings.get('migMode') === 1) readings.set('migInstances', indices.length);
  const offset = (name: string) => cellOf(`Temperature > ${name}`) ?? cellOf(`Temperature > ${name} Specification`);
  addDerived(readings, {
    tempShutdownC: offset('GPU Shutdown T.Limit Temp'),
    tempSlowdownC: offset('GPU Slowdown T.Limit Temp'),
    tempMaxC: offset('GPU Max Operating T.Limit Temp'),
    tempTargetC: undefined,
  });
  const names = cellsOf('Processes > Name');
  return {
    uuid: said(cellOf('GPU UUID')),
    name: said(cellOf('Product Name')),
    vbios: said(cellOf('VBIOS Version')),
    slot: said(cellOf('PCI > Bus Id')),
    readings,
    processes: cellsOf('Processes > Process ID').map((pid, i) => ({ pid: Number(pid), name: names[i]! })),
    mig: indices.map((index, i) => ({ index: Number(index), totalBytes: mebibytes(totals[i]) })),
  };
}

/** All GPUs of an `nvidia-smi -q -x` document. */
export const goldenOfXml = (xml: string): readonly GoldenGpu[] =>
  elementsAt(parseXml(xml), 'nvidia_smi_log/gpu').map(goldenXml);

/** All GPUs of an `nvidia-smi -q` text. */
export const goldenOfText = (text: string): readonly GoldenGpu[] =>
  parseLines(text).gpus.map(({ lines }) => goldenText(lines));

/** Fails where the app reads another number, another reason for none, or another card. */
export function expectGolden(decoded: readonly SmiGpu[], golden: readonly GoldenGpu[]): void {
  expect(golden.length).toBeGreaterThan(0);
  expect(decoded).toHaveLength(golden.length);
  decoded.forEach(({ gpu, frame, processes, mig }, i) => {
    const expected = golden[i]!;
    expect({ uuid: gpu.uuid, name: gpu.name, vbios: gpu.vbios, slot: gpu.pciBusId }).toEqual({
      uuid: expected.uuid,
      name: expected.name,
      vbios: expected.vbios,
      slot: expected.slot ?? gpu.pciBusId, // the oldest give it as an attribute alone
    });
    const read = metrics.map(({ key }) => {
      const reading = readingOf(frame, key);
      return [key, reading.state === 'value' ? reading.value : reading.state] as const;
    });
    expect(Object.fromEntries(read)).toEqual(Object.fromEntries(expected.readings));
    expect(processes.map(({ pid, name }) => ({ pid, name }))).toEqual(expected.processes);
    expect(mig.map(({ index, vramTotalBytes }) => ({ index, totalBytes: vramTotalBytes }))).toEqual(expected.mig);
  });
}
