import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createJobs } from '../../app/jobs/jobs.node.ts';
import type { JobState } from '../../app/jobs/jobs.ts';
import { jobLimits } from '../../app/jobs/limits.ts';
import { reportLimit } from '../../app/report/reports.ts';
import { runReportJob } from '../../app/report/job.node.ts';
import { createReports } from '../../app/report/reports.ts';
import type { ReportJob } from '../../app/report/worker.node.ts';
import { createInFlight, MOST_OPEN } from '../../main/in-flight.ts';
import { err, ok, type Result } from '../../app/core/result.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { comfyui } from '../../app/workload/adapters/comfyui.ts';
import { askLoopback, MOST_BYTES } from '../../app/workload/adapters/loopback.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { serve } from '../support/loopback-server.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1);

function smallHistory() {
  const { store, file } = openStore();
  for (let i = 0; i < 600; i++)
    store.append(tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frameWith({ coreTempC: 50 + (i % 20) })]));
  return file;
}

const market = { marketSurchargePerKwh: 0, marketTaxPct: 0 };
const prices = { pricePerKwh: null, tariff: [], ...market, co2GramsPerKwh: null, currency: 'EUR' };

describe('long jobs', () => {
  it('of 400 that are begun at once, one of a kind works at a time, a few wait, and the others are refused', async () => {
    const alive = new Map<number, JobState['kind']>();
    const most = { export: 0, sessions: 0, backup: 0, check: 0 };
    let done = 0;
    const jobs = createJobs(threads, smallHistory(), ({ id, kind, state }) => {
      if (state === 'running') alive.set(id, kind);
      else alive.delete(id);
      if (state === 'done') done++;
      for (const one of ['export', 'sessions', 'backup', 'check'] as const)
        most[one] = Math.max(most[one], [...alive.values()].filter((other) => other === one).length);
    });
    onTestFinished(() => jobs.cancelAll());
    const folder = temporaryFolder();
    const begun = Array.from({ length: 100 }, (_, i) => [
      jobs.begin({ kind: 'check' }),
      jobs.begin({ kind: 'backup', target: path.join(folder, `${i}.db`) }),
      jobs.begin({
        kind: 'export',
        format: 'jsonl',
        target: path.join(folder, `${i}.jsonl`),
        fromMs: START,
        toMs: START + 600_000,
        metrics: [],
        gpuUuids: [],
      }),
      jobs.begin({ kind: 'sessions', format: 'json', target: path.join(folder, `${i}.json`), prices }),
    ]).flat();
    const accepted = Object.values(jobLimits).reduce((sum, { running, waiting }) => sum + running + waiting, 0);
    expect(begun.filter((one) => one.ok)).toHaveLength(accepted);
    for (const refused of begun.filter((one) => !one.ok))
      expect(refused).toMatchObject({ error: { code: 'busy', next: 'Wait until it has finished, or cancel it.' } });
    await expect.poll(() => done, { timeout: 30_000 }).toBe(accepted);
    expect(most).toEqual({ export: 1, sessions: 1, backup: 1, check: 1 });
    const five = [0, 1, 2, 3, 4].flatMap((i) => [`${i}.json`, `${i}.jsonl`]);
    expect(fs.readdirSync(folder).sort()).toEqual(['0.db', ...five]);
    expect(jobs.begin({ kind: 'check' }).ok).toBe(true); // there is room again
  });

  it('that wait can be cancelled, and never begin', () => {
    const states: JobState[] = [];
    const jobs = createJobs(threads, smallHistory(), (state) => states.push(state));
    onTestFinished(() => jobs.cancelAll());
    const request = {
      kind: 'export',
      format: 'csv',
      fromMs: START,
      toMs: START + 1,
      metrics: [],
      gpuUuids: [],
    } as const;
    const target = (name: string) => path.join(temporaryFolder(), name);
    jobs.begin({ ...request, target: target('a.csv') });
    const second = jobs.begin({ ...request, target: target('b.csv') });
    if (!second.ok) throw new Error(second.error.message);
    expect(second.value.state).toBe('waiting');
    expect(jobs.cancel(second.value.id)).toBe(true);
    expect(jobs.cancel(second.value.id)).toBe(false);
    expect(states.filter(({ id }) => id === second.value.id).map(({ state }) => state)).toEqual([
      'waiting',
      'cancelled',
    ]);
  });
});

describe('reports', () => {
  const jobOf = (databaseFile: string, file?: string): ReportJob => ({
    databaseFile,
    request: { gpuUuid: testGpu().uuid, fromMs: START, toMs: START + 600_000 },
    ...(file && { path: file }),
    context: {
      source: { kind: 'simulator', label: 'test' } as ReportJob['context']['source'],
      exposure: undefined,
      nowMs: START,
    },
    language: { locale: 'en', settings: defaultSettings },
  });

  it('of 200 previews that are asked for at once, one is made at a time, and the newest is answered', async () => {
    const file = smallHistory();
    let [alive, most] = [0, 0];
    const report = createReports<ReportJob>(async (job, signal) => {
      most = Math.max(most, ++alive);
      const result = await runReportJob(new URL('report-worker.js', threads), job, signal);
      alive--;
      return result;
    });
    const answers = await Promise.all(Array.from({ length: 200 }, () => report(jobOf(file))));
    expect(most).toBe(1);
    expect(answers.at(-1)).toMatchObject({ ok: true });
    const cancelled = answers.filter((answer) => !answer.ok && answer.error.code === 'cancelled');
    expect(cancelled).toHaveLength(199);
  });

  it('to be saved are written one after the other, and a long queue is refused', async () => {
    const ends: ((result: Result<string>) => void)[] = [];
    const report = createReports(() => new Promise<Result<string>>((resolve) => ends.push(resolve)));
    const answers = Array.from({ length: 20 }, (_, i) => report({ path: `${i}.html` }));
    const refused = await Promise.all(answers.slice(reportLimit.running + reportLimit.waiting));
    expect(refused.every((answer) => !answer.ok && answer.error.code === 'busy')).toBe(true);
    expect(ends).toHaveLength(1);
    ends[0]!(ok('0.html'));
    expect(await answers[0]).toEqual(ok('0.html'));
    await expect.poll(() => ends.length).toBe(2);
  });
});

describe('questions of a page', () => {
  it('are refused while too many of the same channel are open, and answered again afterwards', async () => {
    const inFlight = createInFlight();
    let release = (): void => undefined;
    const held = new Promise<Result<unknown>>((resolve) => (release = () => resolve(ok(1))));
    const flood = Array.from({ length: MOST_OPEN + 10 }, () => inFlight('history.extent', () => held));
    const late = await Promise.all(flood.slice(MOST_OPEN));
    expect(late).toHaveLength(10);
    for (const answer of late) expect(answer).toMatchObject({ ok: false, error: { code: 'busy' } });
    expect(await inFlight('gpus.list', async () => ok(2))).toEqual(ok(2)); // another channel is not held up
    release();
    expect(await Promise.all(flood.slice(0, MOST_OPEN))).toEqual(Array(MOST_OPEN).fill(ok(1)));
    expect(await inFlight('history.extent', async () => err('not-found', 'x'))).toMatchObject({
      error: { code: 'not-found' },
    });
    await expect(inFlight('history.extent', () => Promise.reject(new Error('a bug')))).rejects.toThrow();
    expect(await inFlight('history.extent', async () => ok(3))).toEqual(ok(3));
  });

  it('that open a dialog are refused while one is open', async () => {
    const inFlight = createInFlight();
    void inFlight('jobs.start', () => new Promise(() => undefined));
    expect(await inFlight('jobs.start', async () => ok(1))).toMatchObject({ error: { code: 'busy' } });
  });
});

describe('an answer of a local program', () => {
  it.each([
    ['of 1 MiB is read', MOST_BYTES, true],
    ['that is a byte larger is refused', MOST_BYTES + 1, false],
  ])('%s', async (_what, bytes, read) => {
    const { port } = await serve((_request, response) => void response.end('x'.repeat(bytes)));
    const answer = await askLoopback({ host: '127.0.0.1', port })('/metrics');
    expect(answer.ok).toBe(read);
    if (!answer.ok) expect(answer.error.code).toBe('too-large');
  });
});

describe('ComfyUI with large graphs', () => {
  type Comfy = { readonly graphBytes: number; readonly pending: number; readonly jobs: readonly string[] };
  const graphOf = (bytes: number) => ({ a: { class_type: 'Note', inputs: { text: 'x'.repeat(bytes) } } });
  const jobOf = (bytes: number) => ({
    prompt: [1, 'id', graphOf(bytes), {}, []],
    outputs: { '9': { images: [{ filename: 'a.png', type: 'output' }] } },
  });

  /** A server that answers as ComfyUI does, page sizes included; `asked` holds the paths. */
  async function comfy(now: () => Comfy) {
    const { port, seen } = await serve((request, response) => {
      const { graphBytes, pending, jobs } = now();
      const url = new URL(request.url!, 'http://x');
      const newest = jobs.slice(-Number(url.searchParams.get('max_items') ?? 1e9));
      const answers: Record<string, () => unknown> = {
        '/queue': () => ({
          queue_running: pending > 0 ? [[1, 'now', graphOf(graphBytes), {}, []]] : [],
          queue_pending: Array.from({ length: Math.max(0, pending - 1) }, (_, i) => [
            i,
            `${i}`,
            graphOf(graphBytes),
            {},
            [],
          ]),
        }),
        '/prompt': () => ({ exec_info: { queue_remaining: pending } }),
        '/history': () => Object.fromEntries(newest.map((id) => [id, jobOf(graphBytes)])),
      };
      response.end(JSON.stringify(answers[url.pathname]?.()));
    });
    const memory = new Map<string, number>();
    const read = async () => {
      const result = await comfyui.read(askLoopback({ host: '127.0.0.1', port }), memory, { loads: true });
      if (!result.ok) throw new Error(result.error.message);
      return result.value;
    };
    return { read, seen };
  }

  const names = (count: number) => Array.from({ length: count }, (_, i) => `job-${i}`);

  it('tells the length of a queue that is too large to read', async () => {
    const { read } = await comfy(() => ({ graphBytes: 100_000, pending: 40, jobs: [] }));
    expect(await read()).toMatchObject({ running: 1, waiting: 39 });
  });

  it('counts each job once, whatever the size of the page', async () => {
    let now: Comfy = { graphBytes: 1000, pending: 0, jobs: names(20) };
    const { read } = await comfy(() => now);
    expect(await read()).toMatchObject({ made: { count: 0 } });
    now = { graphBytes: 1000, pending: 1, jobs: names(23) };
    expect(await read()).toMatchObject({ made: { count: 3 } });
    now = { graphBytes: 300_000, pending: 1, jobs: names(23) }; // a page of one
    expect(await read()).toMatchObject({ made: { count: 3 } });
    now = { graphBytes: 1000, pending: 1, jobs: names(24) };
    const reading = await read();
    expect(reading).toMatchObject({ made: { count: 4 } });
    expect(reading.atLeast).toBeUndefined();
  });

  it('says “at least” when more jobs ended than a page holds', async () => {
    let now: Comfy = { graphBytes: 1000, pending: 0, jobs: names(20) };
    const { read } = await comfy(() => now);
    await read();
    now = { ...now, jobs: names(40) };
    expect(await read()).toMatchObject({ made: { count: 8 }, atLeast: true });
  });

  it('says that images are not counted when even one job is too large, and is never a 0', async () => {
    const { read } = await comfy(() => ({ graphBytes: 2_000_000, pending: 1, jobs: names(3) }));
    const reading = await read();
    expect(reading.made).toBeUndefined();
    expect(reading).toMatchObject({ running: 1, atLeast: true });
    expect(reading.note).toContain('not counted');
  });
});
