// Observed and throttled time of one card and month, asked in every place that shows them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCardPages } from '../../app/health/card-page.ts';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { countedCauses } from '../../app/metrics/throttled.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import { collectReport } from '../../app/report/report.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { openLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { createWearTracker } from '../../app/wear/tracker.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { START, states, ticksOf, valuesMs } from '../support/observed.ts';
import { openStore } from '../support/store.ts';

const { uuid } = testGpu();
const DAY = 86_400_000;
const STEP = 5000;
const A_DAY = 150; // samples

function record(store: Store, ticks: Iterable<Tick>) {
  const tracker = createWearTracker(store, openLedgerStore(temporaryFolder()));
  for (const tick of ticks) tracker.feed(tick, store.append(tick));
  return tracker;
}

/** What each place says of the whole history. */
function answers(store: Store, tracker: ReturnType<typeof createWearTracker>) {
  const { fromMs, toMs } = store.extent()!;
  const totals = store.totals(uuid, fromMs, toMs)!;
  const source = { kind: 'simulator', label: 'Test', simulated: true } as const;
  const context = { source, exposure: tracker.exposureOf(uuid), nowMs: toMs };
  const sources = { history: store, sessions: store.sessions, alerts: store.alerts };
  const report = collectReport(sources, { gpuUuid: uuid, fromMs, toMs }, context)!.summary;
  const session = { id: store.sessions.begin('all', 'all', fromMs, 1), startedMs: fromMs };
  const { summaries } = store.finishSession(session, toMs, 0, new Set());
  const { odometer, health } = createCardPages(store, tracker, true)(uuid)!;
  return { totals, report, session: summaries[0], odometer, health };
}

/** A month of a card that throttles in every way: with counters, without, across resets, lost, asleep, with gaps. */
function* month(): Generator<Tick> {
  let [powerUs, swUs, hwUs, brakeUs] = [0, 0, 0, 0];
  for (let day = 0; day < 30; day++) {
    for (let i = 0; i < A_DAY; i++) {
      const busy = i % 10 < 6;
      const hot = i % 20 >= 14;
      if (i > 0 && busy) powerUs += 4_000_000;
      if (i > 0 && hot) [swUs, hwUs] = [swUs + 3_000_000, hwUs + (day % 2) * 4_000_000];
      if (i > 0 && hot && day === 4) brakeUs += 250_000;
      if (i === 75) [powerUs, swUs, hwUs, brakeUs] = [0, 0, 0, 0]; // the driver was loaded again
      const readings: Partial<Record<MetricKey, number>> = {
        coreTempC: 50 + (i % 30),
        powerW: 200,
        throttleReasons: (busy ? 4 : 0) | (hot ? 0x20 : 0),
      };
      const counters = {
        throttledSwPowerUs: powerUs,
        throttledSwThermalUs: swUs,
        throttledHwThermalUs: hwUs,
        throttledPowerBrakeUs: brakeUs,
      };
      const lost = day % 7 === 3 && i % 50 >= 40;
      const frame = lost
        ? frameWith({ coreTempC: 'lost', powerW: 'lost', throttleReasons: 'lost' })
        : frameWith({ ...readings, ...(day % 3 > 0 && i % 40 !== 20 && counters) });
      yield tickWith(Date.UTC(2026, 2, 1, 9, 55) + day * DAY + i * STEP, i === 0 ? undefined : STEP, [frame]);
    }
  }
}

describe('a month of one card', () => {
  it('is throttled for the same time in History, the report, a session, Wear and the facts', () => {
    const { store } = openStore();
    const tracker = record(store, month());
    while (store.tidy(store.extent()!.toMs));
    const { totals, report, session, odometer, health } = answers(store, tracker);
    const last = store.totals(uuid, store.extent()!.toMs - 30 * DAY, store.extent()!.toMs)!;
    for (const cause of countedCauses) {
      const { ms, knownMs } = totals.throttled[cause];
      expect(ms, cause).toBeGreaterThan(0);
      expect(knownMs).toBeGreaterThan(0);
      expect(knownMs).toBeLessThanOrEqual(totals.observedMs);
      expect(odometer.throttled[cause].ms, cause).toBeCloseTo(ms, 3);
      expect(odometer.throttled[cause].knownMs, cause).toBeCloseTo(knownMs, 3);
      expect(report.throttledMs![cause], cause).toBeCloseTo(ms, 3);
      expect(session!.throttledMs![cause], cause).toBeCloseTo(ms, 3);
    }
    const fact = health.facts.find(({ id }) => id === 'throttle')!;
    expect(fact.values['heat']! * 60_000).toBeCloseTo(last.throttled.heat.ms, 3);
    expect(fact.values['brake']! * 60_000).toBeCloseTo(last.throttled['power-brake'].ms, 3);
    expect(totals.olderUntilMs).toBeNull();
  });

  it('is observed for the same time everywhere, without the time in which it was lost', () => {
    const { store } = openStore();
    const tracker = record(store, month());
    while (store.tidy(store.extent()!.toMs));
    const { totals, report, session, odometer } = answers(store, tracker);
    const lostDays = [3, 10, 17, 24].length;
    // 150 samples a day are 149 intervals; each of the three losses of such a day hides 10 samples
    const intervals = 30 * (A_DAY - 1) - lostDays * (11 + 11 + 10);
    expect(totals.observedMs).toBe(intervals * STEP);
    expect([report.observedMs, session!.observedMs]).toEqual([totals.observedMs, totals.observedMs]);
    expect(odometer.observedHours * 3_600_000).toBeCloseTo(totals.observedMs, 3);
    expect(totals.unobservedMs).toBe(totals.toMs - totals.fromMs - totals.observedMs);
  });
});

describe('coverage', () => {
  it('never exceeds the time with values: in History, before and after hours are sealed, and in Wear', () => {
    fc.assert(
      fc.property(states, fc.boolean(), (list, sealed) => {
        const opened = openDatabase(':memory:');
        if (!opened.ok) throw new Error(opened.error.message);
        const store = createStore(opened.value.db);
        const tracker = record(store, ticksOf(list));
        const { toMs } = store.extent()!;
        if (sealed) while (store.tidy(toMs + 2 * 3_600_000));
        const totals = store.totals(uuid, START - DAY, toMs)!;
        expect(totals.observedMs).toBe(valuesMs(list));
        expect(totals.observedMs + totals.asleepMs + totals.unobservedMs).toBe(totals.toMs - totals.fromMs);
        const hours = tracker.exposureOf(uuid)?.observedHours ?? 0;
        expect(hours * 3_600_000).toBeCloseTo(valuesMs(list, ['core']), 6);
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});
