import { isMetricKey, metricIndex, metricOf, type Metric } from '../metrics/metrics.ts';
import { createFrame, hasValue } from '../metrics/frame.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { ExchangedSample } from './format.ts';
import { putReadings, reasonsText, statesText, type Columns } from './states-text.ts';

/** A text cell after RFC 4180, that no spreadsheet takes for a formula: what might be one begins with an apostrophe. */
export function textCell(text: string): string {
  const safe = /^[=+\-@\t\r\n']/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const fromText = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

/** The last column: see line-checks.node.ts. */
const CHECK = 'check';

const IDENTITY = ['gpu', 'gpu_index', 'gpu_name', 'gpu_pci_bus_id'] as const;

/** Header line: units stand with the names. */
export const csvHeader = (metrics: readonly Metric[]): string =>
  [
    'time',
    ...IDENTITY,
    'dt [ms]',
    ...metrics.map(({ key, unit }) => (unit === '' ? key : `${key} [${unit}]`)),
    'states',
    'reasons',
    CHECK,
  ].join(',');

/** One sample as a line, yet without its check. No value: an empty cell, and why in the column `states`. */
export function csvLine({ gpu, sample }: ExchangedSample, metrics: readonly Metric[]): string {
  const { tsMs, dtMs, frame } = sample;
  const cells = metrics.map(({ key }) => {
    const i = metricIndex[key];
    return hasValue(frame, i) ? String(frame.values[i]) : '';
  });
  return [
    new Date(tsMs).toISOString(),
    textCell(gpu.uuid),
    gpu.index,
    textCell(gpu.name),
    textCell(gpu.pciBusId),
    dtMs ?? '',
    ...cells,
    statesText(frame, metrics),
    reasonsText(frame, metrics),
  ].join(',');
}

/** Cells of one line; a quoted cell may hold commas and doubled quotes. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );
}

/** True when a quoted cell goes on in the next line. */
export const isOpenLine = (line: string): boolean => line.split('"').length % 2 === 0;

export type CsvReader = {
  /** its rows carry checks; lines are given without them */
  readonly checked: boolean;
  readonly line: (line: string) => ExchangedSample | undefined;
};

/** Reads lines below a header of ours; undefined: it is not one. A line that cannot be read gives undefined. */
export function csvReader(header: string): CsvReader | undefined {
  const all = cellsOf(header.trim()).map((name) => (name.endsWith(']') ? name.split(' [', 1)[0]! : name));
  const checked = all.at(-1) === CHECK;
  const names = checked ? all.slice(0, -1) : all;
  const at = (name: string): number => names.indexOf(name);
  const [time, gpu, dt, states, reasons] = ['time', 'gpu', 'dt', 'states', 'reasons'].map(at) as [number, number, number, number, number]; // prettier-ignore
  if (time < 0 || gpu < 0 || states < 0) return undefined;
  const first = dt + 1;
  const columns: Columns = names.slice(first, states).map((name) => (isMetricKey(name) ? metricOf(name) : undefined));
  const gpus = new Map<string, GpuIdentity>();

  return {
    checked,
    line(text) {
      const cells = cellsOf(text);
      const tsMs = Date.parse(cells[time] ?? '');
      if (cells.length !== names.length || Number.isNaN(tsMs)) return undefined;
      const uuid = fromText(cells[gpu]!);
      let identity = gpus.get(uuid);
      if (!identity) {
        identity = {
          uuid,
          index: Number(cells[at('gpu_index')] ?? 0) || 0,
          name: fromText(cells[at('gpu_name')] ?? uuid),
          pciBusId: fromText(cells[at('gpu_pci_bus_id')] ?? ''),
        };
        gpus.set(uuid, identity);
      }
      const frame = createFrame();
      const valueOf = (column: number): number | undefined => {
        const cell = cells[first + column]!;
        return cell === '' ? undefined : Number(cell);
      };
      const dtMs = cells[dt] ? Number(cells[dt]) : null;
      const whole = putReadings(frame, columns, valueOf, cells[states], cells[reasons] ?? '');
      if (!whole || Number.isNaN(dtMs)) return undefined;
      return { gpu: identity, sample: { tsMs, dtMs, frame } };
    },
  };
}
