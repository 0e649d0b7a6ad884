import { describe, expect, it } from 'vitest';
import { createMeter, meterTally, type HourCell } from '../../app/wear/meter.ts';
import { MODEL_VERSION } from '../../app/wear/model.ts';
import { emptyTally } from '../../app/wear/tally.ts';
import { columnsWith, feed, HOUR, row, SECOND, START } from '../support/wear.ts';

describe('a meter', () => {
  it('has nothing to report before its first sample', () => {
    const meter = createMeter(() => expect.unreachable());
    expect([meter.current(), meter.lastMs(), meter.limitW()]).toEqual([undefined, undefined, undefined]);
    expect(meterTally([], meter)).toEqual(emptyTally());
    expect(meter.save()).toEqual({
      modelVersion: MODEL_VERSION,
      at: [null, null, 0, null, null, null, null, null, 0, null, 0, 0, null, null],
      sums: [0, 0, 0, 0, 0, 0, 0],
      counters: [null, null, null, null, null],
      grown: [0, 0, 0, 0, 0],
      tally: emptyTally(),
      bins: [{}, {}, {}, {}, {}],
      measured: { stack: [], direction: 0 },
      inferred: { stack: [], direction: 0 },
    });
  });

  it('reports its newest sample and the power limit that was read last', () => {
    const meter = createMeter(() => undefined);
    meter.feed(
      columnsWith(
        row({ powerDefaultLimitW: 300 }, { dtMs: SECOND, powerDefaultLimitW: 320 }, { dtMs: SECOND, coreTempC: 50 }),
      ),
    );
    expect([meter.lastMs(), meter.limitW()]).toEqual([START + 2 * SECOND, 320]);
  });

  it('reads only the samples it is asked to read', () => {
    const columns = columnsWith(row(...Array.from({ length: 5 }, (_, i) => ({ dtMs: SECOND, coreTempC: 50 + i }))));
    const meter = createMeter(() => undefined);
    meter.feed(columns, 1, 3);
    expect(meter.lastMs()).toBe(columns.tsMs[2]);
    expect(meter.current()!.tally.coreMs).toEqual({ 51: 500, 52: 500 });
    meter.feed(columns, 3);
    expect(meter.current()!.tally.observedMs).toBe(3000);
  });

  const history = row(
    { coreTempC: 60, powerW: 100, memTempC: 70, fanPct: 40, energyMj: 10, powerDefaultLimitW: 300 },
    { dtMs: SECOND, coreTempC: 60, powerW: 120, memTempC: 71, energyMj: 30, throttledSwPowerUs: 5 },
    { dtMs: SECOND, coreTempC: 75, powerW: 300, memTempC: 80, fanPct: 60, energyMj: 90, throttledSwPowerUs: 9 },
    { dtMs: SECOND, coreTempC: 75, powerW: 310, memTempC: 82, energyMj: 120 },
    { dtMs: SECOND, coreTempC: 62, powerW: 50, memTempC: 70 },
    { gapMs: 2 * HOUR, coreTempC: 30, powerW: 10, memTempC: 33, fanPct: 0, energyMj: 1 },
    { dtMs: SECOND, coreTempC: 30, powerW: 12, memTempC: 34, energyMj: 8 },
    { dtMs: SECOND, coreTempC: 55, powerW: 200, memTempC: 50, fanPct: 35, energyMj: 70 },
    { dtMs: SECOND, coreTempC: 50, powerW: 90, memTempC: 48, energyMj: 99 },
  );
  it.each(history.map((_, i) => i))('continues after a restart at sample %d as if nothing had happened', (cut) => {
    const first = JSON.parse(JSON.stringify(feed(history.slice(0, cut)))) as ReturnType<typeof feed>;
    const saved = structuredClone(first.state);
    const resumed = feed(history.slice(cut), first);
    expect(first.state).toEqual(saved); // what was saved is not changed by the meter that continues from it
    expect(JSON.parse(JSON.stringify(resumed))).toEqual(JSON.parse(JSON.stringify(feed(history))));
  });

  it('saves a copy: what is fed later does not change it', () => {
    const meter = createMeter(() => undefined);
    meter.feed(columnsWith(history.slice(0, 3)));
    const saved = meter.save();
    const before = structuredClone(saved);
    meter.feed(columnsWith(history.slice(3)));
    expect(saved).toEqual(before);
  });

  it('adds ended hours, the current hour and open swings', () => {
    const ended: HourCell[] = [];
    const meter = createMeter((cell) => ended.push(cell));
    meter.feed(
      columnsWith([
        { tsMs: START, coreTempC: 40 },
        { tsMs: START + SECOND, dtMs: SECOND, coreTempC: 80 },
        { tsMs: START + HOUR, coreTempC: 80 },
        { tsMs: START + HOUR + SECOND, dtMs: SECOND, coreTempC: 80 },
      ]),
    );
    const sum = meterTally(
      ended.map(({ tally }) => tally),
      meter,
    );
    expect(sum).toMatchObject({ observedMs: 2000, coreMs: { 40: 500, 80: 1500 }, cycles: { '40/80/0': 0.5 } });
  });
});
