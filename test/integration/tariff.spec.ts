import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { importPrices, loadPrices, watchPrices } from '../../app/workload/prices/file.node.ts';
import { marketOf } from '../../app/workload/prices/market.ts';
import { temporaryFolder, threads } from '../support/folders.ts';

const program = new URL('slowburn.js', threads).pathname;
const fixture = (name: string): string => path.resolve(import.meta.dirname, '../fixtures/prices', name);
const plain = { currency: 'EUR', marketSurchargePerKwh: 0, marketTaxPct: 0 };

function slowburn(folder: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'tariff', ...args, '--data-dir', folder], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'Europe/Berlin', LANG: 'en_US.UTF-8' },
  });
  return { status, stdout, stderr };
}

describe('slowburn tariff', () => {
  it('imports prices, shows them with their origin, and keeps them when a file is refused', () => {
    const folder = temporaryFolder();
    expect(slowburn(folder, 'show').stdout).toContain('No hourly prices were imported.');
    const imported = slowburn(folder, 'import', fixture('entsoe-2025-autumn.csv'));
    expect(imported.status).toBe(0);
    expect(imported.stderr).toMatch(
      /^196 prices from ENTSO-E Transparency Platform \(DE-LU\): .* -0\.8 ct to 4\.48 ct/,
    );
    const again = slowburn(folder, 'import', fixture('smard-2025-autumn.csv'), '--series', 'Deutschland/Luxemburg');
    expect(again.stderr).toMatch(/99 prices .*1 time has no price/);

    const stored = fs.readFileSync(path.join(folder, 'prices.json'), 'utf8');
    for (const [file, why] of [
      [fixture('octopus-agile.csv'), 'The prices are in GBP'],
      [fixture('smard-2025-autumn.csv'), 'several series'],
      [fixture('README.md'), 'none of the known'],
      [path.join(folder, 'missing.csv'), 'missing.csv'],
    ] as const) {
      const refused = slowburn(folder, 'import', file);
      expect([refused.status, refused.stderr.split('\n').length]).toEqual([1, 3]); // cause and next step
      expect(refused.stderr).toContain(why);
    }
    expect(fs.readFileSync(path.join(folder, 'prices.json'), 'utf8')).toBe(stored);

    fs.writeFileSync(
      path.join(folder, 'settings.json'),
      JSON.stringify({ marketSurchargePerKwh: 0.15, marketTaxPct: 19 }),
    );
    const { stdout } = slowburn(folder, 'show');
    expect(stdout).toContain('Prices from Oct 25, 2025, 12:00 AM to Oct 27, 2025, 12:00 AM');
    expect(stdout).toContain('entsoe-2025-autumn.csv, ENTSO-E Transparency Platform (DE-LU)');
    expect(stdout).toContain('smard-2025-autumn.csv, SMARD.de (Deutschland/Luxemburg)');
    expect(stdout).toContain('Added to hourly prices: €0.15 per kWh, then 19.0 % tax.');
    const json = JSON.parse(slowburn(folder, 'show', '--json').stdout);
    expect(json).toMatchObject({ currency: 'EUR', marketTaxPct: 19, imports: [{ count: 196 }, { count: 99 }] });
  });

  it('shows prices of another currency as not used', () => {
    const folder = temporaryFolder();
    slowburn(folder, 'import', fixture('smard-2024.csv'));
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ currency: 'USD' }));
    expect(slowburn(folder, 'show').stdout).toContain('The hourly prices are in EUR and not used');
  });
});

describe('the file of prices', () => {
  const options = { currency: 'EUR', nowMs: 1 };

  it('is followed: what another process imports applies within seconds', async () => {
    const folder = temporaryFolder();
    let changes = 0;
    const prices = watchPrices(folder, () => changes++);
    onTestFinished(prices.close);
    expect(prices.book()).toBeUndefined();
    expect(importPrices(folder, fixture('smard-2024.csv'), options)).toMatchObject({ ok: true });
    for (let i = 0; i < 200 && changes === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(changes).toBe(1);
    expect(marketOf(prices.book(), plain)!.priceAt(Date.parse('2024-01-15T00:00+01:00'))).toBeCloseTo(0.03025, 9);
    prices.look();
    expect(changes).toBe(1);
  });

  it('that is damaged is reported, is not replaced, and prices nothing', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'prices.json');
    for (const damaged of ['{"version":1', '{"version":2,"currency":"EUR","segments":[],"imports":[]}']) {
      fs.writeFileSync(file, damaged);
      expect(loadPrices(folder)).toMatchObject({
        ok: false,
        error: { next: expect.stringContaining('import the prices again') },
      });
      expect(importPrices(folder, fixture('smard-2024.csv'), options).ok).toBe(false);
      expect(fs.readFileSync(file, 'utf8')).toBe(damaged);
      const prices = watchPrices(folder, () => undefined);
      expect(prices.book()).toBeUndefined();
      prices.close();
    }
  });
});
