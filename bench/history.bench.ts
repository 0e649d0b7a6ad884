// The history: what a GPU-year weighs and how fast it answers, beside the same samples as plain SQLite rows.
import Database from 'better-sqlite3';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openCollector } from '../app/recorder/collector.node.ts';
import { createChunkTable } from '../app/history/chunks.ts';
import { openDatabase } from '../app/history/file/database.node.ts';
import { readFrame } from '../app/history/codec/frame-row.ts';
import { HOUR_MS } from '../app/history/open-hour.ts';
import { createRollupParts } from '../app/history/rollup-parts.ts';
import { createSampleCollector } from '../app/history/sample-collector.ts';
import { createPrepareSealed } from '../app/history/sealer.ts';
import { createStore, type Store } from '../app/recorder/store.ts';
import { columnOf, metricIndex, metricOf, metrics, type MetricKey } from '../app/metrics/metrics.ts';
import { hasValue } from '../app/metrics/frame.ts';
import { defaultSettings } from '../app/settings/settings.ts';
import { tickWith, testGpu } from '../test/support/frames.ts';
import { median, percentile, rounded } from './stats.ts';
import { hoursOf, type Moment } from './year.ts';

type Context = { readonly say: (text: string) => void };

/** A quarter shows what a year costs: hours are sealed one by one. A whole year: HISTORY_BENCH_DAYS=365 npm run bench -- history */
const DAYS = Number(process.env['HISTORY_BENCH_DAYS'] ?? 90);
const PLAIN_DAYS = Math.min(7, DAYS);
const START = Date.UTC(2025, 0, 1);
const SHOWN: readonly MetricKey[] = ['coreTempC', 'powerW', 'gpuUtilPct', 'memUtilPct', 'smClockMhz', 'vramUsedBytes'];
const BUCKETS = 800;
const KEEP = { retentionDays: 36_500, historyCapMb: null };
const uuid = testGpu().uuid;

const folder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-history-'));
const sizeOf = (file: string): number => fs.statSync(file).size;
const DAY_MS = 24 * HOUR_MS;
const spans = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

function opened(file: string) {
  const result = openDatabase(file);
  if (!result.ok) throw new Error(result.error.message);
  return { db: result.value.db, store: createStore(result.value.db) };
}

function timed(runs: number, work: (run: number) => void): number[] {
  return Array.from({ length: runs }, (_, run) => {
    const started = performance.now();
    work(run);
    return performance.now() - started;
  });
}

/** Writes the year through the sealing path of the store; the hour after it stays open. */
function writeYear(file: string, say: Context['say']) {
  const { db, store } = opened(file);
  store.append(tickWith(START - 1000, undefined, []));
  const gpuId = store.gpus.seen(testGpu(), START);
  const chunks = createChunkTable(db);
  const parts = createRollupParts(db);
  const prepare = createPrepareSealed(chunks, parts);
  let values = 0;
  let tickValues = 0;
  let seq = 1;
  const tickIndices = metrics.filter(({ cadence }) => cadence === 'tick').map(({ key }) => metricIndex[key]);
  let hour = 0;
  for (const moments of hoursOf(DAYS * 24, START)) {
    const collector = createSampleCollector();
    for (const { tsMs, dtMs, frame } of moments) {
      readFrame(frame, collector.add(seq++, tsMs, dtMs));
      for (let i = 0; i < metrics.length; i++) if (hasValue(frame, i)) values++;
      for (const i of tickIndices) if (hasValue(frame, i)) tickValues++;
    }
    const write = prepare(gpuId, START + hour * HOUR_MS, collector.columns());
    db.transaction(write)();
    hour++;
    if (hour % 24 === 0) while (parts.merge(START + hour * HOUR_MS));
    if (hour % (30 * 24) === 0) say(`  ${hour / 24} of ${DAYS} days`);
  }
  for (const moments of hoursOf(1, START + DAYS * 24 * HOUR_MS)) {
    for (const { tsMs, dtMs, frame } of moments.slice(0, 1800)) store.append(tickWith(tsMs, dtMs, [frame]));
  }
  db.pragma('wal_checkpoint(TRUNCATE)');
  const sealedBytes = db.prepare('SELECT sum(length(data)) FROM chunk').pluck().get() as number;
  const rollupBytes = db.prepare('SELECT sum(length(data)) FROM rollup').pluck().get() as number;
  store.close();
  return { values, tickValues, sealedBytes, rollupBytes, fileBytes: sizeOf(file) };
}

const plainColumns = metrics.map(({ key }) => columnOf(key));
const plainSchema = `
  CREATE TABLE sample (
    id INTEGER PRIMARY KEY, gpu_id INTEGER, ts_ms INTEGER, dt_ms REAL, states BLOB,
    ${plainColumns.map((name) => `${name} REAL`).join(', ')}
  );
  CREATE INDEX by_time ON sample (gpu_id, ts_ms)`;
const plainInsert = `
  INSERT INTO sample (gpu_id, ts_ms, dt_ms, states, ${plainColumns.join(', ')})
  VALUES (?, ?, ?, ?${', ?'.repeat(plainColumns.length)})`;

/** The same samples as one row each, one column per metric, with an index by GPU and time. */
function writePlain(file: string) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(plainSchema);
  const insert = db.prepare(plainInsert);
  let values = 0;
  const put = db.transaction((moments: Iterable<Moment>) => {
    for (const { tsMs, dtMs, frame } of moments) {
      const row = metrics.map((_, i) => (hasValue(frame, i) ? frame.values[i]! : null));
      values += row.filter((value) => value !== null).length;
      insert.run(1, tsMs, dtMs ?? null, frame.states, ...row);
    }
  });
  for (const moments of hoursOf(PLAIN_DAYS * 24, START)) put(moments);
  db.pragma('wal_checkpoint(TRUNCATE)');
  return { db, values, fileBytes: sizeOf(file) };
}

function plainRange(db: Database.Database, fromMs: number, toMs: number, buckets: number): void {
  const of = SHOWN.map(columnOf).map((name) => `count(${name}), min(${name}), max(${name}), avg(${name})`);
  const query = db.prepare(
    `SELECT CAST((ts_ms - @fromMs) / @step AS INTEGER) AS slice, ${of.join(', ')} FROM sample
     WHERE gpu_id = 1 AND ts_ms >= @fromMs AND ts_ms < @toMs GROUP BY slice`,
  );
  query.raw().all({ fromMs, toMs, step: (toMs - fromMs) / buckets });
}

function queries(store: Store) {
  const end = START + DAYS * 24 * HOUR_MS + 1_800_000;
  const ask = (fromMs: number, toMs: number, buckets: number): void =>
    void store.range({ gpuUuid: uuid, metrics: SHOWN, fromMs, toMs, buckets });
  const p95 = (span: number): number =>
    percentile(
      timed(100, (run) => ask(end - span - run * 977, end - run * 977, BUCKETS)),
      0.95,
    );
  ask(end - HOUR_MS, end, BUCKETS);
  const zoom = timed(300, (run) => {
    const fromMs = START + ((run * 7_919_000_003) % (DAYS * 24 * HOUR_MS - 600_000));
    ask(fromMs, fromMs + 600_000, BUCKETS);
  });
  return {
    queryP95Ms: {
      lastHour: rounded(p95(spans.hour)),
      lastDay: rounded(p95(spans.day)),
      lastWeek: rounded(p95(spans.week)),
      lastMonth: rounded(p95(spans.month)),
      everything: rounded(p95(DAYS * spans.day)),
    },
    rawZoomP95Ms: rounded(percentile(zoom, 0.95)),
  };
}

/** Ticks of some cards, written one after the other. */
function append(gpus: number, ticks: number) {
  const { db, store } = opened(path.join(folder(), 'history.db'));
  const [moments] = [...hoursOf(1, START)];
  const at = (i: number) => {
    const { tsMs, dtMs, frame } = moments![i % 3600]!;
    return tickWith(
      tsMs,
      dtMs,
      Array.from({ length: gpus }, () => frame),
    );
  };
  for (let i = 0; i < 500; i++) store.append(at(i));
  const cpu = process.cpuUsage();
  const times = timed(ticks, (i) => store.append(at(500 + i)));
  const { user, system } = process.cpuUsage(cpu);
  const result = {
    p95Ms: rounded(percentile(times, 0.95)),
    medianMs: rounded(median(times)),
    cpuUs: rounded((user + system) / ticks),
  };
  store.close();
  fs.rmSync(path.dirname(db.name), { recursive: true });
  return result;
}

function appendPlain(gpus: number, ticks: number) {
  const file = path.join(folder(), 'plain.db');
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(plainSchema);
  const insert = db.prepare(plainInsert);
  const [moments] = [...hoursOf(1, START)];
  const put = db.transaction((i: number) => {
    const { tsMs, dtMs, frame } = moments![i % 3600]!;
    for (let gpu = 0; gpu < gpus; gpu++) {
      const row = metrics.map((_, k) => (hasValue(frame, k) ? frame.values[k]! : null));
      insert.run(gpu, tsMs, dtMs ?? null, frame.states, ...row);
    }
  });
  for (let i = 0; i < 500; i++) put(i);
  const times = timed(ticks, (i) => put(500 + i));
  db.close();
  fs.rmSync(path.dirname(file), { recursive: true });
  return { p95Ms: rounded(percentile(times, 0.95)), medianMs: rounded(median(times)) };
}

/** Sealing of one hour of one card: read the rows, encode, write chunk and roll-ups, remove the rows. */
function seal(hours: number): number[] {
  const { db, store } = opened(path.join(folder(), 'history.db'));
  const times: number[] = [];
  let nowMs = START;
  for (const moments of hoursOf(hours, START)) {
    for (const { tsMs, dtMs, frame } of moments) store.append(tickWith(tsMs, dtMs, [frame]));
    nowMs += HOUR_MS;
    const [took] = timed(1, () => {
      while (store.housekeep(KEEP, nowMs));
    });
    times.push(took!);
  }
  store.close();
  fs.rmSync(path.dirname(db.name), { recursive: true });
  return times.slice(3); // compiled as after hours of running
}

function decodeYear(store: Store): number {
  let sum = 0;
  const [took] = timed(1, () => {
    for (const { tsMs, metrics: columns } of store.replay(uuid, START, START + DAYS * 24 * HOUR_MS, ['coreTempC'])) {
      sum += tsMs.length + columns.coreTempC!.values[0]!;
    }
  });
  if (sum < DAYS * 86_400) throw new Error('Samples are missing.');
  return took!;
}

/** Eight cards at 10 Hz while the year is run through the model, checked, backed up and exported: how late ticks come, by the source's own clock. */
async function jitterBesideJobs(dataFolder: string) {
  const stamps: number[] = [];
  const ended = new Map<number, string>();
  const opened = await openCollector(
    {
      source: { kind: 'simulator', count: 8 },
      speed: 1,
      dataFolder,
      settings: { ...defaultSettings, intervalMs: 100, retentionDays: 36_500, historyCapMb: null },
      suspended: [],
      restarted: false,
    },
    {
      onTick: () => void stamps.push(performance.now()),
      onAlerts: () => undefined,
      onSessions: () => undefined,
      onJob: ({ id, state }) => void (state === 'running' || ended.set(id, state)),
    },
    new URL('../out/node/', import.meta.url),
  );
  if (!opened.ok) throw new Error(opened.error.message);
  const collector = opened.value;
  const p99 = async (work: () => Promise<void>): Promise<number> => {
    stamps.length = 0;
    await work();
    const late = stamps.slice(1).map((at, i) => Math.abs(at - stamps[i]! - 100));
    return rounded(percentile(late, 0.99));
  };
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  /** The wear model has never seen this year: it is run over it once, as after a change of the model. */
  async function recomputed(): Promise<void> {
    for (;;) {
      const card = await collector.answer('wear.card', { gpuUuid: uuid });
      if (!card.ok) throw new Error(card.error.message);
      if ((card.value as { replaying?: number } | null)?.replaying === undefined) return;
      await sleep(200);
    }
  }
  await sleep(500);
  const besideP99Ms: Record<string, number> = { recompute: await p99(recomputed) };
  const aloneP99Ms = await p99(() => sleep(15_000));
  for (const request of [
    { kind: 'check' },
    { kind: 'backup', target: path.join(dataFolder, 'backup.db') },
    {
      kind: 'export',
      format: 'csv',
      target: path.join(dataFolder, 'out.csv'),
      fromMs: 0,
      toMs: 8e15,
      metrics: [],
      gpuUuids: [],
    },
  ]) {
    besideP99Ms[request.kind] = await p99(async () => {
      const begun = await opened.value.answer('jobs.begin', request);
      if (!begun.ok) throw new Error(begun.error.message);
      const { id } = begun.value as { id: number };
      for (let i = 0; i < 200 && !ended.has(id); i++) await sleep(100);
      await opened.value.answer('jobs.cancel', { id });
      while (!ended.has(id)) await sleep(50);
    });
  }
  await opened.value.stop();
  return { aloneP99Ms, besideP99Ms };
}

export async function run({ say }: Context) {
  const where = folder();
  const year = path.join(where, 'history.simulated.db'); // a recorder of simulated cards continues it below
  say(`One GPU, ${DAYS} days at 1 Hz: writing (some minutes)`);
  const written = writeYear(year, say);
  say('The same as plain rows with an index');
  const plainFile = path.join(where, 'plain.db');
  const plain = writePlain(plainFile);
  say('Asking');
  const { store } = opened(year);
  const asked = queries(store);
  const decodes = [decodeYear(store), decodeYear(store), decodeYear(store)];
  store.close();
  say('Recording beside long jobs');
  const jitter = await jitterBesideJobs(where);
  const plainEnd = START + PLAIN_DAYS * 24 * HOUR_MS;
  const plainP95 = (span: number, runs: number): number => {
    const ask = (run: number): void => plainRange(plain.db, plainEnd - span - run * 977, plainEnd - run * 977, BUCKETS);
    return rounded(percentile(timed(runs, ask), 0.95));
  };
  const plainQueries = {
    lastHour: plainP95(spans.hour, 20),
    lastDay: plainP95(spans.day, 5),
    lastWeek: plainP95(spans.week, 3),
  };
  const plainZoom = timed(50, (run) => {
    const fromMs = START + ((run * 7_919_003) % (PLAIN_DAYS * 24 * HOUR_MS - 600_000));
    plainRange(plain.db, fromMs, fromMs + 600_000, BUCKETS);
  });
  const [plainDecode] = timed(1, () => {
    const rows = plain.db.prepare('SELECT ts_ms, core_temp_c FROM sample WHERE gpu_id = 1 ORDER BY ts_ms').raw();
    const tsMs = new Float64Array(PLAIN_DAYS * 86_400);
    const values = new Float64Array(tsMs.length);
    let i = 0;
    for (const [ts, value] of rows.iterate() as IterableIterator<[number, number | null]>) {
      tsMs[i] = ts;
      values[i++] = value ?? Number.NaN;
    }
  });
  plain.db.close();
  fs.rmSync(where, { recursive: true });
  say('Appending and sealing');
  const sealed = seal(20);
  // in turn, because a machine is not the same from one minute to the next
  const rounds = Array.from({ length: 3 }, () => ({ own: append(8, 2000), theirs: appendPlain(8, 1000) }));
  const middle = <T extends { readonly medianMs: number }>(all: readonly T[]): T =>
    [...all].sort((a, b) => a.medianMs - b.medianMs)[1]!;
  const own = middle(rounds.map((round) => round.own));
  const theirs = middle(rounds.map((round) => round.theirs));

  const yearOf = (bytes: number, days: number): number => rounded(((bytes / days) * 365) / 1e6);
  const decodeMs = median(decodes);
  return {
    days: DAYS,
    metricsShown: metrics.filter(({ key }) => metricOf(key).cadence === 'tick').length,
    valuesStored: written.values,
    bytesPerMetricSample: rounded(written.sealedBytes / written.tickValues),
    gpuYearMb: {
      allTiers: yearOf(written.fileBytes, DAYS),
      sealed: yearOf(written.sealedBytes, DAYS),
      rollups: yearOf(written.rollupBytes, DAYS),
    },
    ...asked,
    append8Gpus: own,
    sealGpuHourMs: { median: rounded(median(sealed)), p95: rounded(percentile(sealed, 0.95)) },
    decodeYearOneMetricMs: rounded((decodeMs / DAYS) * 365),
    jitterBesideJobs: jitter,
    plainRows: {
      days: PLAIN_DAYS,
      bytesPerMetricSample: rounded(plain.fileBytes / plain.values),
      gpuYearMbExtrapolated: yearOf(plain.fileBytes, PLAIN_DAYS),
      queryP95Ms: plainQueries,
      rawZoomP95Ms: rounded(percentile(plainZoom, 0.95)),
      append8Gpus: theirs,
      decodeOneMetricMs: rounded(plainDecode!),
    },
    gain: {
      size: rounded(plain.fileBytes / PLAIN_DAYS / (written.fileBytes / DAYS)),
      queryLastHour: rounded(plainQueries.lastHour / asked.queryP95Ms.lastHour),
      queryLastDay: rounded(plainQueries.lastDay / asked.queryP95Ms.lastDay),
      queryLastWeek: rounded(plainQueries.lastWeek / asked.queryP95Ms.lastWeek),
      append: rounded(theirs.medianMs / own.medianMs),
      decodePerDay: rounded(plainDecode! / PLAIN_DAYS / (decodeMs / DAYS)),
    },
  };
}
