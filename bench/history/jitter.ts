import path from 'node:path';
import { openCollector } from '../../app/recorder/collector.node.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { percentile, rounded, size } from '../stats.ts';
import { uuid } from './shared.ts';

/** Far longer than a replay of the year takes: it has failed if it is not over by then. */
const RECOMPUTE_MS = 300_000;

/** Eight cards at 10 Hz while the year is run through the model, checked, backed up and exported: how late ticks come, by the source's own clock. */
export async function jitterBesideJobs(dataFolder: string) {
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
      startedBy: 'monitor',
    },
    {
      onTick: () => void stamps.push(performance.now()),
      onAlerts: () => undefined,
      onSessions: () => undefined,
      onJob: ({ id, state }) => void (state === 'running' || ended.set(id, state)),
    },
    new URL('../../out/node/', import.meta.url),
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
    for (const endMs = performance.now() + RECOMPUTE_MS; performance.now() < endMs;) {
      const card = await collector.answer('wear.card', { gpuUuid: uuid });
      if (!card.ok) throw new Error(card.error.message);
      if ((card.value as { replaying?: number } | null)?.replaying === undefined) return;
      await sleep(200);
    }
    throw new Error('The wear model was not run over the year in time.');
  }
  await sleep(500);
  const besideP99Ms: Record<string, number> = { recompute: await p99(recomputed) };
  const aloneP99Ms = await p99(() => sleep(size(15_000, 1_000)));
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
