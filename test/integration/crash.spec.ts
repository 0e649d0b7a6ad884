import { expect, it } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { crashRuns } from '../crash/crash.ts';
import { temporaryFolder } from '../support/folders.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

it('loses nothing it told of and stays sound when it is killed at any moment', async () => {
  controlMock();
  const report = await crashRuns(temporaryFolder(), compileMock(), 14, createRandom(Date.now() % 1e6));
  expect(report.ticksTold).toBeGreaterThan(0);
  expect(report.hoursSealed).toBeGreaterThan(0);
}, 120_000);
