import { metricIndex, metrics, type Metric } from '../../metrics.ts';
import { createFrame, setAbsent, setValue, type Frame } from '../../reading.ts';
import { err, ok, type Result } from '../../result.ts';
import { parseCell } from '../smi/cell.ts';

/** One data row: who it is about (as far as the columns say), when, and its readings. */
export type CsvRow = {
  readonly uuid?: string;
  readonly name?: string;
  readonly pciBusId?: string;
  readonly index?: string;
  readonly tsMs?: number;
  readonly frame: Frame;
};

export type SmiCsvDecoder = {
  /** undefined for a row whose number of fields is not that of the header */
  readonly row: (line: string) => CsvRow | undefined;
  readonly metrics: readonly Metric[];
};

const identityColumns = {
  uuid: 'uuid',
  gpu_uuid: 'uuid',
  name: 'name',
  gpu_name: 'name',
  'pci.bus_id': 'pciBusId',
  gpu_bus_id: 'pciBusId',
  index: 'index',
} as const;

const fieldsOf = (line: string): string[] => line.split(',').map((field) => field.trim());

/** "2023/07/08 19:27:36.359", in local time as nvidia-smi prints it. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Number((match[7] ?? '0').padEnd(3, '0'));
  return new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}

type Column = { readonly at: number; readonly via: number; readonly unit: string | undefined };

/** Where a metric stands in the header, newest name first. */
function columnsOf(metric: Metric, header: readonly { readonly name: string; readonly unit: string | undefined }[]) {
  // temperatures are the one quantity that nvidia-smi prints without any unit
  const implied = metric.unit === '°C' || metric.unit === 'K' ? 'C' : undefined;
  return metric.csv.flatMap((name, via): Column[] => {
    const at = header.findIndex((column) => column.name === name);
    return at < 0 ? [] : [{ at, via, unit: header[at]!.unit ?? implied }];
  });
}

/**
 * A decoder for the output of `nvidia-smi --query-gpu=… --format=csv`, made from its header line. Units come from the
 * header ("power.draw [W]") or the cell ("46.19 W"). Columns that are no metric of ours are passed over.
 */
export function smiCsvDecoder(header: string): Result<SmiCsvDecoder> {
  const columns = fieldsOf(header).map((field) => {
    const match = /^([\w.]+)(?: \[([^\]]*)\])?$/.exec(field);
    return { name: match?.[1] ?? '', unit: match?.[2] };
  });
  const found = (metrics as readonly Metric[])
    .map((metric) => ({ metric, columns: columnsOf(metric, columns) }))
    .filter(({ columns: its }) => its.length > 0);
  if (found.length === 0) {
    return err(
      'recording-unreadable',
      'The first line names no field of nvidia-smi that Slowburn knows.',
      'Record with: nvidia-smi --query-gpu=timestamp,uuid,temperature.gpu,power.draw --format=csv -l 1',
    );
  }
  const identities = columns.flatMap(({ name }, at) =>
    Object.hasOwn(identityColumns, name) ? [{ at, field: identityColumns[name as keyof typeof identityColumns] }] : [],
  );
  const timestampAt = columns.findIndex(({ name }) => name === 'timestamp');

  return ok({
    metrics: found.map(({ metric }) => metric),
    row(line) {
      const cells = fieldsOf(line);
      if (cells.length !== columns.length) return undefined;
      const frame = createFrame();
      for (const { key } of metrics) setAbsent(frame, key, 'unsupported');
      for (const { metric, columns: its } of found) {
        const answers = its.map(({ at, via, unit }) => ({ cell: parseCell(cells[at], metric, unit), via }));
        const answer = answers.find(({ cell }) => 'value' in cell) ?? answers[0]!;
        if ('absent' in answer.cell) setAbsent(frame, metric.key, answer.cell.absent);
        else {
          setValue(frame, metric.key, answer.cell.value);
          frame.via[metricIndex[metric.key]] = answer.via;
        }
      }
      const tsMs = timestampAt < 0 ? undefined : parseTimestamp(cells[timestampAt]!);
      const row = identities
        .map(({ at, field }) => [field, cells[at]!] as const)
        .filter(([, text]) => !text.startsWith('['));
      return { ...Object.fromEntries(row), ...(tsMs === undefined ? {} : { tsMs }), frame };
    },
  });
}
