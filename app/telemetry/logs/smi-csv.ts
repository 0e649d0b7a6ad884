import { metricIndex, metrics, type Metric } from '../../metrics/metrics.ts';
import { createFrame, readingOf, setAbsent, setValue, type Frame } from '../../metrics/frame.ts';
import { text as sentence } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { parseCell } from '../smi/cell.ts';
import { idOf, said, uuidOf } from '../smi/tree.ts';
import { parseSmiTimestamp } from './stamps.ts';

/** One data row: who it is about (as far as the columns say), when, and its readings. */
export type CsvRow = {
  readonly uuid?: string;
  readonly name?: string;
  readonly pciBusId?: string;
  readonly index?: string;
  /** as printed: local time of the machine that printed it */
  readonly timestamp?: string;
  readonly tsMs?: number;
  readonly frame: Frame;
};

export type SmiCsvDecoder = {
  /** undefined for a row whose number of fields is not that of the header */
  readonly row: (line: string) => CsvRow | undefined;
  readonly metrics: readonly Metric[];
  /** columns that are not in the metric catalogue */
  readonly unknown: readonly string[];
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

/** Whether an identity cell names the card, rather than a reason why it has no name. */
function tells(field: (typeof identityColumns)[keyof typeof identityColumns], text: string): boolean {
  if (field === 'uuid') return uuidOf(text) !== undefined;
  if (field === 'index') return idOf(text) !== undefined;
  return said(text) !== undefined && !text.startsWith('[');
}

const fieldsOf = (line: string): string[] => line.split(',').map((field) => field.trim());

/** "2023/07/08 19:27:36.359", in local time as nvidia-smi prints it. */
export const parseTimestamp = (text: string): number | undefined =>
  /^\d{4}\//.test(text) ? parseSmiTimestamp(text) : undefined;

type Column = { readonly at: number; readonly via: number; readonly unit: string | undefined };

/** The units of nvidia-smi, for a header and cells without one: temperatures never have any, others not in some logs. */
const IMPLIED: Partial<Record<Metric['unit'], string>> = { '°C': 'C', K: 'C', W: 'W', '%': '%', B: 'MiB', MHz: 'MHz' };

/** The header's columns for a metric, newest name first. */
function columnsOf(metric: Metric, header: readonly { readonly name: string; readonly unit: string | undefined }[]) {
  const implied = IMPLIED[metric.unit];
  return metric.csv.flatMap((name, via): Column[] => {
    const at = header.findIndex((column) => column.name === name);
    return at < 0 ? [] : [{ at, via, unit: header[at]!.unit ?? implied }];
  });
}

/**
 * A decoder for the output of `nvidia-smi --query-gpu=… --format=csv`, made from its header line. Units come from the
 * header ("power.draw [W]") or the cell ("46.19 W"). Columns that are not in the metric catalogue are skipped.
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
    return err('recording-unreadable', sentence('telemetry.log.noField'), sentence('telemetry.log.noFieldNext'));
  }
  const identities = columns.flatMap(({ name }, at) =>
    Object.hasOwn(identityColumns, name) ? [{ at, field: identityColumns[name as keyof typeof identityColumns] }] : [],
  );
  const asksForEcc = found.some(({ metric }) => metric.key === 'eccMode');
  const timestampAt = columns.findIndex(({ name }) => name === 'timestamp');
  const known = new Set([
    timestampAt,
    ...identities.map(({ at }) => at),
    ...found.flatMap((it) => it.columns.map(({ at }) => at)),
  ]);

  return ok({
    metrics: found.map(({ metric }) => metric),
    unknown: fieldsOf(header).filter((_, at) => !known.has(at)),
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
      // for a card without ECC this column says "No" where the -q text of the same driver says N/A (seen with 595)
      if (asksForEcc && readingOf(frame, 'eccMode').state === 'unsupported') {
        setAbsent(frame, 'sramThresholdExceeded', 'unsupported');
      }
      const timestamp = timestampAt < 0 ? undefined : cells[timestampAt]!;
      const tsMs = timestamp === undefined ? undefined : parseTimestamp(timestamp);
      const row = identities
        .map(({ at, field }) => [field, cells[at]!] as const)
        .filter(([field, text]) => tells(field, text));
      return {
        ...Object.fromEntries(row),
        ...(timestamp === undefined ? {} : { timestamp }),
        ...(tsMs === undefined ? {} : { tsMs }),
        frame,
      };
    },
  });
}
