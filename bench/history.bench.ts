// The history: what a GPU-year weighs and how fast it answers, beside the same samples as plain SQLite rows.
import fs from 'node:fs';
import path from 'node:path';
import { metricOf, metrics } from '../app/metrics/metrics.ts';
import { median, percentile, rounded, size } from './stats.ts';
import { DAYS, folder, opened, PLAIN_DAYS } from './history/shared.ts';
import { append, decodeYear, queries, seal, writeYear } from './history/own.ts';
import { appendPlain, askPlain, writePlain } from './history/plain.ts';
import { jitterBesideJobs } from './history/jitter.ts';

type Context = { readonly say: (text: string) => void };

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
  const plainAsked = askPlain(plain.db);
  fs.rmSync(where, { recursive: true });
  say('Appending and sealing');
  const sealed = seal(size(20, 4));
  // in turn, because a machine is not the same from one minute to the next
  const rounds = Array.from({ length: 3 }, () => ({
    own: append(8, size(2000, 100)),
    theirs: appendPlain(8, size(1000, 100)),
  }));
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
      queryP95Ms: plainAsked.queryP95Ms,
      rawZoomP95Ms: plainAsked.rawZoomP95Ms,
      append8Gpus: theirs,
      decodeOneMetricMs: rounded(plainAsked.decodeMs),
    },
    gain: {
      size: rounded(plain.fileBytes / PLAIN_DAYS / (written.fileBytes / DAYS)),
      queryLastHour: rounded(plainAsked.queryP95Ms.lastHour / asked.queryP95Ms.lastHour),
      queryLastDay: rounded(plainAsked.queryP95Ms.lastDay / asked.queryP95Ms.lastDay),
      queryLastWeek: rounded(plainAsked.queryP95Ms.lastWeek / asked.queryP95Ms.lastWeek),
      append: rounded(theirs.medianMs / own.medianMs),
      decodePerDay: rounded(plainAsked.decodeMs / PLAIN_DAYS / (decodeMs / DAYS)),
    },
  };
}
