// Slowburn's history: writing, querying, appending, sealing and decoding.
import fs from 'node:fs';
import path from 'node:path';
import { createChunkTable } from '../../app/history/chunks.ts';
import { readFrame } from '../../app/history/codec/frame-row.ts';
import { HOUR_MS } from '../../app/history/open-hour.ts';
import { createRollupParts } from '../../app/history/rollup-parts.ts';
import { createSampleCollector } from '../../app/history/sample-collector.ts';
import { createPrepareSealed } from '../../app/history/sealer.ts';
import type { Store } from '../../app/recorder/store.ts';
import { metricIndex, metrics } from '../../app/metrics/metrics.ts';
import { hasValue } from '../../app/metrics/frame.ts';
import { tickWith, testGpu } from '../../test/support/frames.ts';
import { median, percentile, rounded, size } from '../stats.ts';
import { hoursOf } from '../year.ts';
import { BUCKETS, DAYS, folder, opened, SHOWN, sizeOf, spans, START, timed, uuid } from './shared.ts';

const KEEP = { retentionDays: 36_500, historyCapMb: null };

/** Writes the year through the sealing path of the store; the hour after it stays open. */
export function writeYear(file: string, say: (text: string) => void) {
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

export function queries(store: Store) {
  const end = START + DAYS * 24 * HOUR_MS + 1_800_000;
  const ask = (fromMs: number, toMs: number, buckets: number): void =>
    void store.range({ gpuUuid: uuid, metrics: SHOWN, fromMs, toMs, buckets });
  const p95 = (span: number): number =>
    percentile(
      timed(size(100, 5), (run) => ask(end - span - run * 977, end - run * 977, BUCKETS)),
      0.95,
    );
  ask(end - HOUR_MS, end, BUCKETS);
  const zoom = timed(size(300, 5), (run) => {
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
export function append(gpus: number, ticks: number) {
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

/** Sealing of one hour of one card: read the rows, encode, write chunk and roll-ups, remove the rows. */
export function seal(hours: number): number[] {
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

export function decodeYear(store: Store): number {
  let sum = 0;
  const [took] = timed(1, () => {
    for (const { tsMs, metrics: columns } of store.replay(uuid, START, START + DAYS * 24 * HOUR_MS, ['coreTempC'])) {
      sum += tsMs.length + columns.coreTempC!.values[0]!;
    }
  });
  if (sum < DAYS * 86_400) throw new Error('Samples are missing.');
  return took!;
}
