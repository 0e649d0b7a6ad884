import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { testMessageOf } from '../../app/alerts/channels/make-message.ts';
import { text } from '../../app/core/i18n.ts';
import type { MessageRow } from '../../app/alerts/channels/message-table.ts';
import { type ExportFormat } from '../../app/exchange/format.ts';
import { exportHistory } from '../../app/exchange/export.node.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import { startJob } from '../../app/jobs/run-job.node.ts';
import { ALL, control, fill, START } from '../support/exports.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

/** Every bit of every sample, a line each: compared faster than frames are. */
const contents = (store: Store, gpu: number): string[] =>
  [...store.samplesBetween(testGpu(gpu).uuid, ALL.fromMs, ALL.toMs)].map(({ tsMs, dtMs, frame }) =>
    [
      tsMs,
      dtMs,
      ...[frame.values, frame.states, frame.reasons, frame.derived].map(({ buffer }) =>
        Buffer.from(buffer).toString('base64'),
      ),
    ].join(' '),
  );

/** Twelve samples of one card, exported. */
function fewSamples(format: ExportFormat) {
  const { store } = openStore();
  for (let i = 0; i < 12; i++)
    store.append(tickWith(START + i * 1000, 1000, [frameWith({ coreTempC: 50 + i, powerW: 100 })]));
  const target = path.join(temporaryFolder(), `out.${format}`);
  const request = { format, target, ...ALL, metrics: ['coreTempC', 'powerW'], gpuUuids: [] } as const;
  exportHistory(store, request, control);
  return { store, request };
}

const messageTo = (channel: 'ntfy' | 'webhook', outcome: 'delivered' | null): MessageRow => ({
  channel,
  gpuUuid: null,
  rule: 'disk-low',
  message: testMessageOf(text, channel, START, ''),
  queuedMs: START,
  attempts: 0,
  error: null,
  outcome,
  endedMs: outcome && START,
  closed: true,
});

describe('a long job in its thread', () => {
  const opened = () => {
    const { store, file } = openStore();
    fill(store, 2500);
    while (store.tidy(START + 10_000_000));
    return { store, file, folder: path.dirname(file) };
  };

  it('exports, backs up, checks and compacts beside the recorder', async () => {
    const { store, file, folder } = opened();
    const target = path.join(folder, 'out.parquet');
    const request = { format: 'parquet', target, ...ALL, metrics: [], gpuUuids: [] } as const;
    expect(await startJob(threads, { kind: 'export', databaseFile: file, request }).result).toEqual({
      ok: true,
      value: 5000,
    });
    store.messages.put([messageTo('ntfy', null), messageTo('webhook', 'delivered')]);
    const backup = path.join(folder, 'backup.db');
    const copied = startJob(threads, { kind: 'backup', databaseFile: file, target: backup });
    store.append(tickWith(START + 1e8, undefined, [frameWith({ coreTempC: 50 })])); // recording continues
    expect(await copied.result).toMatchObject({ ok: true });
    const checked = await startJob(threads, { kind: 'check', databaseFile: backup }).result;
    expect(checked).toMatchObject({ ok: true, value: { problems: [], samples: 5000 } });
    const copy = openForReading(backup);
    if (!copy.ok) throw new Error(copy.error.message);
    const copyStore = createStore(copy.value);
    expect(contents(copyStore, 1)).toEqual(contents(store, 1));
    // a copy that is restored sends nothing that was delivered long ago
    expect(copyStore.messages.counts()).toMatchObject([{ channel: 'webhook', waiting: 0 }]);
    copyStore.close();
    expect(await startJob(threads, { kind: 'compact', databaseFile: backup }).result).toMatchObject({ ok: true });
    expect((await startJob(threads, { kind: 'check', databaseFile: backup }).result).ok).toBe(true);
  });

  it('can be cancelled, and leaves nothing half done', async () => {
    const { store, file, folder } = opened();
    const exported = path.join(folder, 'in.jsonl');
    exportHistory(store, { format: 'jsonl', target: exported, ...ALL, metrics: [], gpuUuids: [] }, control);
    const { file: other } = openStore();
    const before = fs.readdirSync(folder).sort();
    const request = { format: 'csv', target: path.join(folder, 'out.csv'), ...ALL, metrics: [], gpuUuids: [] } as const;
    for (const job of [
      { kind: 'export', databaseFile: file, request },
      { kind: 'backup', databaseFile: file, target: path.join(folder, 'b.db') },
      { kind: 'check', databaseFile: file },
      { kind: 'import', databaseFile: other, file: exported },
    ] as const) {
      const running = startJob(threads, job);
      running.cancel();
      expect(await running.result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    }
    expect(fs.readdirSync(folder).sort()).toEqual(before);
  });

  it('that imports a file made to keep its decoder busy ends when it is cancelled', async () => {
    const { request } = fewSamples('parquet');
    const made = fs.readFileSync(request.target);
    made[12]! ^= 2; // a run of values that never ends
    const digestAt = made.lastIndexOf('slowburn-sha256') + 'slowburn-sha256'.length + 2;
    made.write('0'.repeat(64), digestAt, 'latin1');
    made.write(createHash('sha256').update(made).digest('hex'), digestAt, 'latin1');
    fs.writeFileSync(request.target, made);
    const running = startJob(threads, { kind: 'import', databaseFile: openStore().file, file: request.target });
    await new Promise((resolve) => setTimeout(resolve, 2000)); // until it is at it
    running.cancel();
    expect(await running.result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('never takes the place of a history with what it writes', async () => {
    const { file, folder } = opened();
    const link = path.join(folder, 'link.csv');
    fs.symlinkSync(file, link);
    const copy = path.join(folder, 'copy.db');
    expect(await startJob(threads, { kind: 'backup', databaseFile: file, target: copy }).result).toMatchObject({
      ok: true,
    });
    const bytes = [file, copy].map((name) => fs.readFileSync(name));
    for (const target of [file, `${file}-wal`, link, copy]) {
      const request = { format: 'csv', target, ...ALL, metrics: [], gpuUuids: [] } as const;
      expect(await startJob(threads, { kind: 'export', databaseFile: file, request }).result).toMatchObject({
        ok: false,
        error: { code: 'write-failed', next: expect.any(String) },
      });
    }
    for (const target of [file, link, folder, path.join(folder, 'none', 'b.db')]) {
      expect(await startJob(threads, { kind: 'backup', databaseFile: file, target }).result).toMatchObject({
        ok: false,
        error: { code: 'write-failed', next: expect.any(String) },
      });
    }
    expect([file, copy].map((name, i) => fs.readFileSync(name).equals(bytes[i]!))).toEqual([true, true]);
  });

  it('finds a damaged chunk and says which, while the others can be read', async () => {
    const { store, file } = opened();
    const whole = contents(store, 0).length;
    const db = openStore(file);
    const raw = (await import('better-sqlite3')).default(file);
    const row = raw.prepare('SELECT id, data FROM chunk WHERE gpu_id = 2 LIMIT 1').get() as {
      id: number;
      data: Buffer;
    };
    row.data[row.data.length - 20]! ^= 0x40;
    raw.prepare('UPDATE chunk SET data = ? WHERE id = ?').run(row.data, row.id);
    raw.close();
    const checked = await startJob(threads, { kind: 'check', databaseFile: file }).result;
    if (!checked.ok) throw new Error(checked.error.message);
    expect(checked.value.problems).toHaveLength(1);
    expect(checked.value.problems[0]).toContain(`chunk ${row.id}`);
    expect(contents(db.store, 0)).toHaveLength(whole);
    expect(() => contents(db.store, 1)).toThrow(/damaged/);
  });
});
