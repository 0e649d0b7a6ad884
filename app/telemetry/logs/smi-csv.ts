import { isMetricKey, metrics, type Metric } from '../../metrics.ts';
import { createFrame, setAbsent, setValue, type Frame } from '../../reading.ts';
import { err, ok, type Result } from '../../result.ts';
import { absenceOf, parseCell, parsePstate, type Cell } from '../smi/cell.ts';

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

function parseMask(text: string): Cell {
  return /^0x[0-9a-f]{1,16}$/i.test(text) ? { value: Number(BigInt(text) & 0xffffffffn) } : { absent: absenceOf(text) };
}

/**
 * A decoder for the output of `nvidia-smi --query-gpu=… --format=csv`, made from its header line. Units come from the
 * header ("power.draw [W]") or the cell ("46.19 W"). Columns that are no metric of ours are passed over.
 */
export function smiCsvDecoder(header: string): Result<SmiCsvDecoder> {
  const columns = fieldsOf(header).map((field) => {
    const match = /^([\w.]+)(?: \[([^\]]*)\])?$/.exec(field);
    const name = match?.[1] ?? '';
    const metric = (metrics as readonly Metric[]).find(({ csv }) => csv.includes(name));
    // temperatures are the one quantity that nvidia-smi prints without any unit
    const unit = match?.[2] ?? (metric?.unit === '°C' || metric?.unit === 'K' ? 'C' : undefined);
    return { name, metric, unit };
  });
  const found = columns.flatMap(({ metric }) => (metric ? [metric] : []));
  if (found.length === 0) {
    return err(
      'recording-unreadable',
      'The first line names no field of nvidia-smi that Slowburn knows.',
      'Record with: nvidia-smi --query-gpu=timestamp,uuid,temperature.gpu,power.draw --format=csv -l 1',
    );
  }
  return ok({
    metrics: found,
    row(line) {
      const cells = fieldsOf(line);
      if (cells.length !== columns.length) return undefined;
      const frame = createFrame();
      for (const metric of metrics) setAbsent(frame, metric.key, 'unsupported');
      const row: Record<string, string> = {};
      let tsMs: number | undefined;
      columns.forEach(({ name, metric, unit }, i) => {
        const text = cells[i]!;
        if (name === 'timestamp') tsMs = parseTimestamp(text);
        const identity = Object.hasOwn(identityColumns, name)
          ? identityColumns[name as keyof typeof identityColumns]
          : undefined;
        if (identity && !text.startsWith('[')) row[identity] = text;
        if (!metric || !isMetricKey(metric.key)) return;
        const cell =
          metric.key === 'pstate'
            ? parsePstate(text)
            : metric.key === 'throttleReasons'
              ? parseMask(text)
              : parseCell(text, metric, unit);
        if ('value' in cell) setValue(frame, metric.key, cell.value);
        else setAbsent(frame, metric.key, cell.absent);
      });
      return { ...row, ...(tsMs === undefined ? {} : { tsMs }), frame };
    },
  });
}
