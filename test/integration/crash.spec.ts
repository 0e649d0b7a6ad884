import { expect, it } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { crashPhases, crashRuns } from '../crash/crash.ts';
import { temporaryFolder } from '../support/folders.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

it('loses nothing it told of and stays sound when it is killed at any moment', async () => {
  controlMock();
  const report = await crashRuns(temporaryFolder(), compileMock(), 14, createRandom(Date.now() % 1e6));
  expect(report.ticksTold).toBeGreaterThan(0);
  expect(report.hoursSealed).toBeGreaterThan(0);
}, 120_000);

it('keeps a sound history when a migration, a restore, a compaction, an import or retention is killed', async () => {
  const { kills, ended } = await crashPhases(temporaryFolder(), 10, createRandom(Date.now() % 1e6));
  expect(Object.values(kills).reduce((a, b) => a + b, 0) + ended).toBe(10);
}, 180_000);
