import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createCardPages } from '../../app/health/card-page.ts';
import { createWearTracker } from '../../app/wear/tracker.ts';
import { openLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const program = fileURLToPath(new URL('slowburn.js', threads));
const slowburn = (...args: readonly string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

const traceOf = (rows: readonly string[], header = 'tsMs,coreTempC,powerW'): string => {
  const file = path.join(temporaryFolder(), 'trace.csv');
  fs.writeFileSync(file, [header, ...rows, ''].join('\n'));
  return file;
};
const constant = Array.from({ length: 7201 }, (_, i) => `${1_700_000_000_000 + i * 1000},80,200`);

describe('slowburn wear', () => {
  it('gives every family of a trace with band, coverage and version, and no number for what is not read', () => {
    const told = slowburn('wear', '--trace', traceOf(constant), '--json');
    expect(told.status).toBe(0);
    const json = JSON.parse(told.stdout) as Record<string, any>;
    expect(json).toMatchObject({ model_version: '3', ref_profile: 'REF-65', calibrated: false, coverage: 1 });
    // constant 80 °C: 2.07 – 2.77 – 3.71 by the published look-up of the silicon rate
    expect(json['per_family'].M1.rate_low).toBeCloseTo(2.073, 3);
    expect(json['per_family'].M1.rate_mid).toBeCloseTo(2.774, 3);
    expect(json['per_family'].M1.rate_high).toBeCloseTo(3.713, 3);
    const reasons = ['M2', 'M4', 'M5'].map((id) => json['per_family'][id].reason);
    expect(reasons).toEqual(['no-default-limit', 'no-memory-sensor', 'no-fan']);
    expect(json['per_family'].M1.state).toBe('first-day');
    for (const gone of ['headline', 'envelope', 'band']) expect(json).not.toHaveProperty(gone);
    expect(json['disclaimer']).toContain('not a remaining-life prediction');
  });

  it('reads seconds, other names and missing cells, and takes long steps as unobserved', () => {
    const file = traceOf(['0,65,100', '5,65,', '10,65,100', '3600,65,100', '3605,,100', 'x,65,1'], 'time_s,temp,power');
    const told = slowburn('wear', '--trace', file, '--json');
    const json = JSON.parse(told.stdout) as Record<string, any>;
    expect(told.stderr).toContain('1 line of');
    expect(json['observed_hours']).toBeCloseTo(10 / 3600, 12);
    expect(json['coverage']).toBeCloseTo(10 / 3605, 9);
    expect(json['per_family'].M1.eq_hours.mid).toBeCloseTo(10 / 3600, 12);
    expect(json['per_family'].M1).toMatchObject({
      state: 'withheld',
      rate_mid: null,
      missing: { observed_hours: 1 - 10 / 3600 },
    });
  });

  it('withholds every rate of a trace of 16 s, and says what is missing', () => {
    const rows = Array.from({ length: 17 }, (_, i) => `${i},${40 + 2 * i},100,60,50`);
    const file = traceOf(rows, 'time_s,coreTempC,powerW,memTempC,fanPct');
    const { stdout } = slowburn('wear', '--trace', file, '--power-limit', '300');
    expect(stdout).toContain('16 s observed, 100 % of the period');
    expect(stdout.match(/not shown yet: needs 1 h observed, has 16 s$/gm)).toHaveLength(4);
    expect(stdout).toMatch(/M3 .*needs 7 d observed, has 16 s; needs 3 swings of 3 K or more, has 0\.5$/m);
    expect(stdout).not.toMatch(/\d \[|×/);
    const json = JSON.parse(slowburn('wear', '--trace', file, '--json').stdout) as Record<string, any>;
    expect(json['per_family'].M3).toMatchObject({
      state: 'withheld',
      reason: 'not-enough-observed',
      needs: { observed_hours: 168, swings: 3 },
      missing: { swings: 2.5 },
      rate_mid: null,
      eq_hours: null,
      param_sets: [],
    });
    expect(json['per_family'].M2).toMatchObject({ state: 'not-computed', reason: 'no-default-limit' });
  });

  it('asks for the order of dates that leave the time between rows open, and takes the answer', () => {
    const rows = ['01/02/2026 10:00:00,65', '02/02/2026 10:00:00,65', '02/02/2026 10:00:05,65'];
    const file = traceOf(rows, 'timestamp,temp');
    const asked = slowburn('wear', '--trace', file);
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain('--date-order dmy or --date-order mdy');
    const told = slowburn('wear', '--trace', file, '--date-order', 'dmy', '--json');
    expect(told.status).toBe(0);
    expect((JSON.parse(told.stdout) as Record<string, any>)['observed_hours']).toBeCloseTo(5 / 3600, 9);
    // of one day, the order makes no difference
    expect(slowburn('wear', '--trace', traceOf(rows.slice(1), 'timestamp,temp')).status).toBe(0);
  });

  it('refuses a trace without a core temperature', () => {
    const told = slowburn('wear', '--trace', traceOf(['2026/06/09 12:00:00.000, 9 W'], 'timestamp, power.draw [W]'));
    expect([told.status, told.stdout]).toEqual([1, '']);
    expect(told.stderr).toContain('has no core temperature');
  });

  it('says what is wrong with a file that is no trace', () => {
    const told = slowburn('wear', '--trace', traceOf(['1,2'], 'a,b'), '--json');
    expect(told.status).toBe(1);
    expect(told.stderr).toContain('names no time or no core temperature');
    expect(slowburn('wear', '--data-dir', temporaryFolder()).stderr).toContain('There is no history');
  });

  it('names the option that shows a folder with simulated data only', () => {
    const folder = temporaryFolder();
    expect(slowburn('wear', '--data-dir', folder).stderr).toContain('--trace FILE');
    fs.writeFileSync(path.join(folder, 'history.simulated.db'), '');
    expect(slowburn('wear', '--data-dir', folder).stderr).toContain('Add --simulated');
  });

  it('says once for all cards what the model cannot see', () => {
    const rows = Array.from({ length: 10 }, (_, i) => `2026/06/09 12:00:0${i}.000, ${i % 2}, 60`);
    const { stdout } = slowburn('wear', '--trace', traceOf(rows, 'timestamp, index, temperature.gpu'));
    expect(stdout.match(/observed, \d+ % of the period/g)).toHaveLength(2);
    expect(stdout.match(/not a measured lifetime/g)).toHaveLength(1);
  });
});

/** A data folder in which a card was recorded for some hours. */
function recorded(hours: number, startMs = Date.UTC(2026, 2, 1)) {
  const folder = temporaryFolder();
  const { store } = openStore(path.join(folder, 'history.db'));
  const tracker = createWearTracker(store, openLedgerStore(path.join(folder, 'ledger')));
  for (let i = 0; i <= hours * 450; i++) {
    const frame = frameWith({ coreTempC: 50 + (i % 30), powerW: 200, powerDefaultLimitW: 350 });
    const tick = tickWith(startMs + i * 8000, i === 0 ? undefined : 8000, [frame]);
    tracker.feed(tick, store.append(tick));
  }
  store.close();
  return folder;
}

describe('the page of a card', () => {
  it('follows its ledger and the current hour, and shows a mark at once', () => {
    const { store } = openStore();
    const tracker = createWearTracker(store, openLedgerStore(temporaryFolder()));
    const page = createCardPages(store, tracker, false);
    const { uuid } = testGpu();
    let i = 0;
    const record = (hours: number): void => {
      for (const end = i + hours * 450; i < end; i++) {
        const frame = frameWith({ coreTempC: 60, powerW: 200, throttledSwPowerUs: i * 8e6, throttleReasons: 4 });
        const tick = tickWith(Date.UTC(2026, 2, 1) + i * 8000, i === 0 ? undefined : 8000, [frame]);
        tracker.feed(tick, store.append(tick));
      }
    };
    expect(page(uuid)).toBeUndefined();
    for (const hours of [0.5, 1, 26]) {
      record(hours);
      const { odometer, exposure, days, health } = page(uuid)!;
      expect(odometer.observedHours).toBeCloseTo(((i - 1) * 8) / 3600, 9);
      expect(exposure!.observedHours).toBeCloseTo(odometer.observedHours, 9);
      expect(odometer.throttled['power-cap'].ms).toBeCloseTo((i - 1) * 8000, 3);
      // a day with less than an hour has no rate
      const shown = days.reduce((sum, day) => sum + day.hours, 0);
      expect(shown).toBeCloseTo(odometer.observedHours < 1 ? 0 : odometer.observedHours, 9);
      expect(health.facts.find(({ id }) => id === 'throttle')!.values['cap']).toBeCloseTo(((i - 1) * 8) / 60, 6);
    }
    tracker.ledgerOf(uuid)!.append([{ mark: { tsMs: Date.UTC(2026, 2, 2), kind: 'cleaning', text: '' } }]);
    expect(page(uuid)!.sinceMark).toMatchObject({ kind: 'cleaning' });
    expect(page(testGpu(1).uuid)).toBeUndefined();
  });
});

describe('slowburn wear of the history', () => {
  it('tells a period of a card', () => {
    const folder = recorded(4);
    const from = '2026-03-01T01:00Z';
    const told = slowburn(
      'wear',
      '--data-dir',
      folder,
      '--from',
      from,
      '--to',
      '2026-03-01T03:00Z',
      '--gpu',
      '0',
      '--json',
    );
    const json = JSON.parse(told.stdout) as Record<string, any>;
    expect(json['observed_hours']).toBeCloseTo(2, 1);
    const states = Object.values(json['per_family'] as Record<string, { state: string }>).map(({ state }) => state);
    expect(states).toEqual(['first-day', 'first-day', 'withheld', 'not-computed', 'not-computed']);
  });
});

describe('slowburn ledger', () => {
  it('exports, verifies and imports; the same hours are not counted again', () => {
    const folder = recorded(30);
    const file = path.join(folder, 'card.ledger');
    expect(slowburn('ledger', 'export', file, '--data-dir', folder).status).toBe(0);
    expect(slowburn('ledger', 'verify', file).stdout).toContain('1 sealed days hold');
    const other = recorded(10, Date.UTC(2026, 2, 5));
    expect(slowburn('ledger', 'import', file, '--data-dir', other).stderr).toContain('30 hours new');
    expect(slowburn('ledger', 'import', file, '--data-dir', other).stderr).toContain('0 hours new');
    expect(slowburn('ledger', 'verify', '--data-dir', other).status).toBe(0);
    const ledger = openLedgerStore(path.join(other, 'ledger')).open(testGpu().uuid, '').ledger();
    expect(ledger.hours.size).toBe(40);
  });

  it('refuses a ledger that was edited', () => {
    const folder = recorded(30);
    const file = path.join(folder, 'card.ledger');
    slowburn('ledger', 'export', file, '--data-dir', folder);
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replace(/"observedMs":\d+/, '"observedMs":1'));
    expect(slowburn('ledger', 'verify', file).status).toBe(1);
    const cut = path.join(folder, 'cut.ledger');
    fs.writeFileSync(cut, text.slice(0, text.lastIndexOf('{"end"')));
    expect(slowburn('ledger', 'verify', cut)).toMatchObject({ status: 1, stderr: expect.stringContaining('cut off') });
    expect(slowburn('ledger', 'verify', path.join(folder, 'none'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('There is no file'),
    });
    const refused = slowburn('ledger', 'import', file, '--data-dir', temporaryFolder());
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('the content up to 2026-03-01 (UTC) does not match its seal');
  });
});
