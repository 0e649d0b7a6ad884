import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCollector } from '../../app/recorder/collector.node.ts';
import type { Collector, CollectorEvents } from '../../app/recorder/collector.ts';
import type { CollectorConfig } from '../../app/recorder/collector-messages.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { SourceSpec } from '../../app/telemetry/sources.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { writeHotRecording } from '../support/hot-recording.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';
import { openStore } from '../support/store.ts';

type Heard = { readonly ticks: Tick[]; readonly firing: (readonly StoredAlert[])[]; readonly fired: StoredAlert[] };

async function start(
  source: SourceSpec,
  folder = temporaryFolder(),
  change: Partial<CollectorConfig> = {},
  onTick: (tick: Tick) => void = () => undefined,
) {
  const heard: Heard = { ticks: [], firing: [], fired: [] };
  const events: CollectorEvents = {
    onTick(tick) {
      heard.ticks.push(tick);
      onTick(tick);
    },
    onAlerts(firing, fired) {
      heard.firing.push(firing);
      heard.fired.push(...fired);
    },
    onSessions: () => undefined,
  };
  const config = {
    source,
    speed: 1,
    dataFolder: folder,
    settings: { ...defaultSettings, intervalMs: 100 },
    suspended: [],
    restarted: false,
    startedBy: 'monitor' as const,
    ...change,
  };
  const opened = await openCollector(config, events, threads);
  if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.message}`);
  onTestFinished(async () => void (await opened.value.stop()));
  return { collector: opened.value, heard, folder, config };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came to that');
}

const ask = async (collector: Collector, ...question: Parameters<Collector['answer']>): Promise<any> => {
  const answer = await collector.answer(...question);
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
};

describe('the collector', () => {
  it('has a tick on disk before it reports it', async () => {
    const folder = temporaryFolder();
    const stored: number[] = [];
    const { heard } = await start({ kind: 'simulator', count: 2 }, folder, {}, (tick) => {
      if (stored.length >= 5) return;
      const db = openForReading(path.join(folder, 'history.simulated.db'));
      if (!db.ok) throw new Error(db.error.message);
      const row = db.value.prepare('SELECT count(*) AS n FROM tick WHERE ts_ms = ?').get(Math.round(tick.tsMs));
      stored.push((row as { n: number }).n);
      db.value.close();
    });
    await until(() => heard.ticks.length >= 6);
    expect(stored).toEqual([1, 1, 1, 1, 1]); // one row for all GPUs
  });

  it('continues where it ended: the history grows, the time between is a gap, exposure is kept', async () => {
    const first = await start({ kind: 'simulator', count: 1 });
    await until(() => first.heard.ticks.length >= 8);
    await first.collector.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const second = await start({ kind: 'simulator', count: 1 }, first.folder, { restarted: true });
    await until(() => second.heard.ticks.length >= 8);
    const { gpu } = second.heard.ticks[0]!.gpus[0]!;
    const fromMs = first.heard.ticks[0]!.tsMs;
    const ticks = first.heard.ticks.length + second.heard.ticks.length;
    const range = await ask(second.collector, 'history.range', {
      gpuUuid: gpu.uuid,
      metrics: ['coreTempC'],
      fromMs,
      toMs: Date.now() + 1,
      buckets: 4000,
    });
    expect(range.counts.reduce((a: number, b: number) => a + b, 0)).toBeGreaterThanOrEqual(ticks - 2);
    expect(range.gaps).toMatchObject([{ reason: 'restarted' }]);
    const exposure = await ask(second.collector, 'wear.exposure', { gpuUuid: gpu.uuid });
    const observedMs = [...first.heard.ticks, ...second.heard.ticks].reduce((sum, { dtMs }) => sum + (dtMs ?? 0), 0);
    expect(exposure.observedHours * 3_600_000).toBeGreaterThan(observedMs - 500);
    expect(exposure.coverage).toBeLessThan(1);
  });

  it('ends a session of a killed recorder at that recorder’s last tick', async () => {
    const folder = temporaryFolder();
    const before = openStore(path.join(folder, 'history.simulated.db')).store;
    const killedMs = Date.now() - 3_600_000;
    for (let i = 0; i <= 20; i++) {
      const tick = tickWith(killedMs - (20 - i) * 1000, i === 0 ? undefined : 1000, [frameWith({ powerW: 100 })]);
      before.append(tick);
    }
    // its PID belongs to another program now: to this one
    before.sessions.begin('render', 'render', killedMs - 10_000, process.pid, 'another boot:1');
    before.close();
    const { collector, heard } = await start({ kind: 'simulator', count: 1 }, folder);
    await until(() => heard.ticks.length >= 3);
    const [session] = await ask(collector, 'sessions.newest', { limit: 1 });
    expect(session).toMatchObject({ name: 'render', endedMs: killedMs, exitCode: null });
    expect(session.summary.gpus).toMatchObject([{ gpuUuid: testGpu().uuid }]);
    expect(session.summary.gpus[0].observedMs).toBeLessThanOrEqual(10_000);
  });

  it('writes an alert before it shows it, and clears it when the card has cooled', async () => {
    const folder = temporaryFolder();
    const { heard, collector } = await start({ kind: 'replay', file: writeHotRecording(folder) }, folder, {
      speed: 200,
    });
    await collector.finished;
    await until(() => heard.firing.length >= 2);
    expect(heard.fired.map(({ rule }) => rule)).toEqual(['core-at-slowdown']); // it covers the warning before it
    const stored = await ask(collector, 'alerts.newest', { limit: 10 });
    expect(stored).toHaveLength(1);
    for (const alert of stored)
      expect(alert).toMatchObject({ clearedMs: expect.any(Number), peak: 95, gpuName: 'Hot card' });
    expect(heard.firing.at(-1)).toEqual([]);
  });

  it('keeps measured, simulated and replayed numbers in files of their own', async () => {
    const folder = temporaryFolder();
    controlMock();
    for (const source of [
      { kind: 'simulator', count: 1 },
      { kind: 'replay', file: writeHotRecording(folder) },
      { kind: 'nvml', library: compileMock() },
    ] as const) {
      const { collector, heard } = await start(source, folder, { speed: 100 });
      await until(() => heard.ticks.length > 1);
      await collector.stop();
    }
    expect(
      fs
        .readdirSync(folder)
        .filter((name) => name.endsWith('.db'))
        .sort(),
    ).toEqual(['history.db', 'history.replay.db', 'history.simulated.db']);
  });

  it('refuses a second recorder into the same folder', async () => {
    const { config } = await start({ kind: 'simulator', count: 1 });
    const second = await openCollector(config, { onTick() {}, onAlerts() {}, onSessions() {} }, threads);
    expect(second).toMatchObject({ ok: false, error: { code: 'database-busy' } });
  });

  it('releases the folder when it cannot start', async () => {
    const folder = temporaryFolder();
    const bad: CollectorConfig = {
      source: { kind: 'replay', file: '/nonexistent.csv' },
      speed: 1,
      dataFolder: folder,
      settings: defaultSettings,
      suspended: [],
      restarted: false,
      startedBy: 'monitor',
    };
    expect(await openCollector(bad, { onTick() {}, onAlerts() {}, onSessions() {} }, threads)).toMatchObject({
      ok: false,
      error: { code: 'recording-unreadable' },
    });
    await start({ kind: 'simulator', count: 1 }, folder);
  });

  it('makes a self-contained report, and a CSV with one row per sample, while it keeps sampling', async () => {
    const { collector, heard, folder } = await start({ kind: 'simulator', count: 1 });
    await until(() => heard.ticks.length >= 10);
    const { gpu } = heard.ticks[0]!.gpus[0]!;
    const span = { gpuUuid: gpu.uuid, fromMs: heard.ticks[0]!.tsMs, toMs: heard.ticks[9]!.tsMs + 1, locale: 'en' };
    const html: string = await ask(collector, 'report.preview', span);
    expect(html).toContain('not a remaining-life prediction');
    expect(html).toContain('Simulated GPU');
    expect(html).not.toMatch(/<script(?! type="application\/json")|src=|href=|@import|url\(/);
    const data = JSON.parse(/id="report-data">(.*?)<\/script>/s.exec(html)![1]!) as {
      gpu: { uuid: string };
      exposure: { calibrated: boolean };
    };
    expect(data.gpu.uuid).toBe(gpu.uuid);
    expect(data.exposure.calibrated).toBe(false);
    const file = path.join(folder, 'samples.csv');
    expect(await ask(collector, 'report.make', { ...span, format: 'csv', path: file })).toBe(file);
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\r\n');
    expect(lines[0]).toContain('coreTempC [°C]');
    expect(lines).toHaveLength(11);
    const refused = await collector.answer('report.make', {
      ...span,
      format: 'html',
      path: '/nonexistent/folder/report.html',
    });
    expect(refused).toMatchObject({ ok: false, error: { code: 'write-failed' } });
  });
});
