import path from 'node:path';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { limitsOf } from '../../app/history/retention/limits.ts';
import { openRetentionPlan } from '../../app/history/retention/retention-plan.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { establishSettings } from '../../app/settings/file.node.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { frameWith, tickWith } from './frames.ts';

const DAY = 86_400_000;
const EVERY_MS = 15_000;
const OFF_FROM_MS = 2 * 3_600_000;
const OFF_TO_MS = 6 * 3_600_000;

/** Days of a card's life that end now, in the file that a simulator in this folder will go on with. */
export function seedHistory(
  dataFolder: string,
  days: number,
  gpu: { readonly uuid: string; readonly name: string },
): void {
  establishSettings(dataFolder); // as whoever records first does
  const opened = openDatabase(path.join(dataFolder, 'history.simulated.db'));
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value.db);
  openRetentionPlan(path.join(dataFolder, 'history.simulated.db'), limitsOf(defaultSettings, []), true, Date.now());
  const endMs = Date.now() - 60_000;
  const startMs = endMs - days * DAY;
  let energyMj = 0;
  let driverVersion = '575.57';
  for (let i = 0; i * EVERY_MS < days * DAY; i++) {
    const tsMs = startMs + i * EVERY_MS;
    // off for four hours a day, counted from the first: what is where does not depend on the time of day
    const sinceMs = (i * EVERY_MS) % DAY;
    if (sinceMs >= OFF_FROM_MS && sinceMs < OFF_TO_MS) continue;
    const gap = sinceMs === OFF_TO_MS;
    const load = Math.max(0, Math.sin(i / 190)) * (0.6 + 0.4 * Math.sin(i / 11));
    const powerW = Math.round(1000 * (28 + 300 * load + 3 * Math.sin(i * 1.7))) / 1000;
    energyMj += Math.round(powerW * EVERY_MS);
    if (i === Math.floor((days * DAY) / EVERY_MS / 2)) {
      energyMj = 0; // the driver was updated
      driverVersion = '580.12';
    }
    const frame = frameWith({
      coreTempC: Math.round(38 + 44 * load),
      powerW,
      energyMj,
      gpuUtilPct: Math.round(100 * load),
      throttleReasons: load > 0.9 ? 0x20 : 0,
    });
    const tick = tickWith(tsMs, gap || i === 0 ? undefined : EVERY_MS, [frame]);
    store.append({
      ...tick,
      source: { ...tick.source, driverVersion },
      gpus: tick.gpus.map((one) => ({ ...one, gpu: { ...gpu, index: 0, pciBusId: '' } })),
      ...(gap ? { gap: { fromMs: tsMs - 4 * 3_600_000, toMs: tsMs, reason: 'suspended' as const } } : {}),
    });
  }
  const begunMs = endMs - 3 * 3_600_000;
  const session = { id: store.sessions.begin('overnight batch', 'render --all', begunMs, 1), startedMs: begunMs };
  store.finishSession(session, endMs - 2 * 3_600_000, 0, new Set());
  while (store.tidy(Date.now()));
  store.close();
}
