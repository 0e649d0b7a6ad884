import type { ChunkPlace, ChunkTable } from './chunks.ts';
import type { Db } from './db.ts';
import { hourOf, type OpenHour } from './open-hour.ts';
import type { MetricColumn, SampleColumns } from './codec/sample-chunk.ts';

/** A row of one of several sources. */
type Pick = { readonly source: number; readonly row: number };

function pickRows(sources: readonly SampleColumns[], picks: readonly Pick[]): SampleColumns {
  const column = (of: (source: SampleColumns) => Float64Array | undefined, absent: number): Float64Array => {
    const columns = sources.map(of);
    return Float64Array.from(picks, ({ source, row }) => columns[source]?.[row] ?? absent);
  };
  const ids = new Set(sources.flatMap(({ metrics }) => [...metrics.keys()]));
  return {
    seq: column(({ seq }) => seq, Number.NaN),
    tsMs: column(({ tsMs }) => tsMs, Number.NaN),
    dtMs: column(({ dtMs }) => dtMs, Number.NaN),
    metrics: new Map(
      [...ids].map((id): [number, MetricColumn] => [
        id,
        {
          codes: column(({ metrics }) => metrics.get(id)?.codes, 0),
          values: column(({ metrics }) => metrics.get(id)?.values, Number.NaN),
        },
      ]),
    ),
  };
}

const EMPTY = new Float64Array(0);

/** Samples of one hour; `lastSeq` is the largest sequence number among what they were taken from. */
export type HourColumns = SampleColumns & { readonly lastSeq: number };

export type ByHour = {
  /**
   * Samples of a GPU with fromMs ≤ ts < toMs by time, an hour or less at a time: sealed and open ones together, so that
   * memory stays small over any range.
   * @param wanted only these metrics, and no sequence numbers: faster
   */
  readonly between: (
    gpuId: number,
    fromMs: number,
    toMs: number,
    wanted?: readonly number[],
  ) => IterableIterator<HourColumns>;
  /** Samples that came after one, in the order they came. */
  readonly after: (gpuId: number, seq: number) => IterableIterator<SampleColumns>;
};

export function createByHour(db: Db, chunks: ChunkTable, openHour: OpenHour): ByHour {
  function load({ id, lastSeq }: ChunkPlace, wanted?: readonly number[]): HourColumns | undefined {
    const chunk = chunks.open(id);
    if (!chunk) return undefined; // retention removed it since it was listed
    const metrics = new Map<number, MetricColumn>();
    for (const metricId of wanted ?? chunk.metricIds) {
      const column = chunk.metric(metricId);
      if (column) metrics.set(metricId, column);
    }
    return { ...chunk.stamps(), seq: wanted ? EMPTY : chunk.seq(), metrics, lastSeq };
  }

  // one snapshot of both forms: an hour that is sealed between two reads would appear twice or not at all
  const list = db.transaction((gpuId: number, fromMs: number, toMs: number, wanted?: readonly number[]) => ({
    places: chunks.between(gpuId, hourOf(fromMs), toMs),
    rows: openHour.between(gpuId, fromMs, toMs, wanted),
  }));
  const listAfter = db.transaction((gpuId: number, seq: number) => ({
    places: chunks.after(gpuId, seq),
    rows: openHour.after(gpuId, seq),
  }));

  function* between(gpuId: number, fromMs: number, toMs: number, wanted?: readonly number[]) {
    const { places, rows } = list(gpuId, fromMs, toMs, wanted);
    const open: HourColumns = { ...rows, lastSeq: rows.seq.at(-1) ?? 0 };
    const hours = new Map<number, ChunkPlace[]>();
    for (const place of places) hours.set(place.hourMs, [...(hours.get(place.hourMs) ?? []), place]);
    const openHours = new Set<number>();
    for (const ts of rows.tsMs) openHours.add(hourOf(ts));

    for (const hourMs of [...new Set([...hours.keys(), ...openHours])].sort((a, b) => a - b)) {
      const inRange = (hours.get(hourMs) ?? []).filter((place) => place.toMs >= fromMs && place.fromMs < toMs);
      const rowsNow = openHours.has(hourMs) ? [rowsOfHour(open, hourMs)] : [];
      // chunks of a busy hour are read one after the other if none overlaps the next
      if (
        followOn([...inRange, ...rowsNow.map(({ tsMs }) => ({ fromMs: tsMs.reduce(least), toMs: tsMs.reduce(most) }))])
      ) {
        for (const place of inRange) yield* together([load(place, wanted)], fromMs, toMs);
        yield* together(rowsNow, fromMs, toMs);
      } else yield* together([...inRange.map((place) => load(place, wanted)), ...rowsNow], fromMs, toMs);
    }
  }

  function* after(gpuId: number, seq: number) {
    const { places, rows } = listAfter(gpuId, seq);
    for (const place of places) {
      const columns = load(place);
      if (!columns) continue;
      if (place.firstSeq > seq) yield columns;
      else yield pickRows([columns], rowsAfter(columns.seq, seq));
    }
    if (rows.tsMs.length > 0) yield rows;
  }

  return { between, after };
}

const rowsAfter = (seqs: Float64Array, seq: number): Pick[] =>
  [...seqs.keys()].filter((row) => seqs[row]! > seq).map((row) => ({ source: 0, row }));

const least = (a: number, b: number): number => Math.min(a, b);
const most = (a: number, b: number): number => Math.max(a, b);

const followOn = (spans: readonly { readonly fromMs: number; readonly toMs: number }[]): boolean =>
  spans.every(({ fromMs }, i) => i === 0 || spans[i - 1]!.toMs <= fromMs);

/** Rows of one hour, in order of arrival. */
function rowsOfHour(open: HourColumns, hourMs: number): HourColumns {
  const picks: Pick[] = [];
  open.tsMs.forEach((ts, row) => hourOf(ts) === hourMs && picks.push({ source: 0, row }));
  return { ...pickRows([open], picks), lastSeq: open.lastSeq };
}

/** Samples of some columns in a range, by time. */
function* together(columns: readonly (HourColumns | undefined)[], fromMs: number, toMs: number) {
  const sources = columns.filter((source) => source !== undefined);
  if (sources.length === 1 && inOrder(sources[0]!.tsMs, fromMs, toMs)) {
    yield sources[0]!;
    return;
  }
  const picks: Pick[] = [];
  sources.forEach(({ tsMs }, source) => {
    tsMs.forEach((ts, row) => {
      if (ts >= fromMs && ts < toMs) picks.push({ source, row });
    });
  });
  // sources are in order of arrival, and sorting is stable: equal stamps keep that order
  picks.sort((a, b) => sources[a.source]!.tsMs[a.row]! - sources[b.source]!.tsMs[b.row]!);
  const lastSeq = Math.max(...sources.map((source) => source.lastSeq));
  if (picks.length > 0) yield { ...pickRows(sources, picks), lastSeq };
}

/** True when stamps never go back and all lie in the range. */
function inOrder(tsMs: Float64Array, fromMs: number, toMs: number): boolean {
  for (let i = 1; i < tsMs.length; i++) if (tsMs[i]! < tsMs[i - 1]!) return false;
  return tsMs[0]! >= fromMs && tsMs.at(-1)! < toMs;
}
