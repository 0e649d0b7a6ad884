import { isMetricKey, metricIndex, metricOf, type Metric } from '../metrics/metrics.ts';
import { createFrame, hasValue } from '../metrics/frame.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { ExchangedSample } from './format.ts';
import { putReadings, reasonsText, statesText, type Columns } from './states-text.ts';

/** A text cell (RFC 4180). Text that a spreadsheet could take for a formula gets an apostrophe in front. */
export function textCell(text: string): string {
  const safe = /^[=+\-@\t\r\n']/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const fromText = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

/** The last column: see line-checks.node.ts. */
const CHECK = 'check';

const IDENTITY = ['gpu', 'gpu_index', 'gpu_name', 'gpu_pci_bus_id'] as const;

/** Header line: each metric's name with its unit. */
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

/** One sample as a line without its check. A cell without a value is empty; the column `states` says why. */
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
  // each cell has a comma in front of it, the first one too: so an empty one matches something
  return [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );
}

/** True if a quoted cell continues in the next line. */
export const isOpenLine = (line: string): boolean => line.split('"').length % 2 === 0;

export type CsvReader = {
  /** whether its rows carry checks; `line` takes them without */
  readonly checked: boolean;
  readonly line: (line: string) => ExchangedSample | undefined;
};

/** A reader for the lines below a header, undefined if Slowburn did not write it. An unreadable line is undefined. */
export function csvReader(header: string): CsvReader | undefined {
  const all = cellsOf(header.trim()).map((name) => (name.endsWith(']') ? name.split(' [', 1)[0]! : name));
  const checked = all.at(-1) === CHECK;
  const names = checked ? all.slice(0, -1) : all;
  const at = (name: string): number => names.indexOf(name);
  const [time, gpu, dt] = [at('time'), at('gpu'), at('dt')];
  const [states, reasons] = [at('states'), at('reasons')];
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
