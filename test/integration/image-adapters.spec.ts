import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../app/workload/adapters/adapter.ts';
import { comfyui } from '../../app/workload/adapters/comfyui.ts';
import { askLoopback } from '../../app/workload/adapters/loopback.node.ts';
import { createFilesMade } from '../../app/workload/adapters/made-files.node.ts';
import { sdWebui } from '../../app/workload/adapters/sd-webui.ts';
import { comfyJob, comfyui as comfy, webuiOptions, webuiProgress } from '../fixtures/adapters/exchanges.ts';
import { temporaryFolder } from '../support/folders.ts';
import { replaying, serve } from '../support/loopback-server.ts';

type Exchange = Readonly<Record<string, unknown>>;

describe('ComfyUI', () => {
  async function after(first: Exchange, second: Exchange): Promise<ServerStatus> {
    let now = first;
    const { port } = await serve(replaying(() => now));
    const memory = new Map<string, number>();
    const read = () => comfyui.read(askLoopback({ host: '127.0.0.1', port }), memory);
    await read();
    now = second;
    const status = await read();
    if (!status.ok) throw new Error(status.error.message);
    return status.value;
  }

  it('made nothing where the result was there already, and only what was new where part of it was', async () => {
    expect(await after(comfy.idle, comfy.cached)).toMatchObject({ made: { unit: 'image', count: 1 } });
  });

  it('counts videos, sounds and shapes as what they are, and no previews', async () => {
    const status = await after(comfy.idle, comfy.media);
    expect([status.made, ...status.also!].sort((a, b) => (a!.unit < b!.unit ? -1 : 1))).toEqual([
      { unit: 'audio', count: 1 },
      { unit: 'image', count: 1 },
      { unit: 'model-3d', count: 1 },
      { unit: 'video', count: 3 },
    ]);
  });

  /** ComfyUI as server.py answers, with jobs of a size; `jobs` are those that have ended. */
  async function server(graphBytes: number) {
    const state = { queue: [] as number[], jobs: [] as number[] };
    const graph = { a: { class_type: 'Note', inputs: { text: 'x'.repeat(graphBytes) } } };
    const job = (number: number) => ({
      ...comfyJob(number, { '9': { images: [{ filename: `${number}.png`, type: 'output' }] } }),
      prompt: [number, `id-${number}`, graph, {}, []],
    });
    const { port, seen } = await serve((request, response) => {
      const url = new URL(request.url!, 'http://x');
      const named = /^\/history\/id-(\d+)$/.exec(url.pathname)?.[1];
      const page = state.jobs.slice(-Number(url.searchParams.get('max_items')));
      const history = (list: readonly number[]) => Object.fromEntries(list.map((one) => [`id-${one}`, job(one)]));
      const entries = state.queue.map((number) => [number, `id-${number}`, graph, {}, []]);
      const answers: Record<string, unknown> = {
        '/prompt': { exec_info: { queue_remaining: state.queue.length } },
        '/queue': { queue_running: entries.slice(0, 1), queue_pending: entries.slice(1) },
        '/history': history(page),
      };
      const answer = named ? history(state.jobs.filter((one) => one === Number(named))) : answers[url.pathname];
      response.end(JSON.stringify(answer));
    });
    const memory = new Map<string, number>();
    const read = async (): Promise<ServerStatus> => {
      const status = await comfyui.read(askLoopback({ host: '127.0.0.1', port }), memory);
      if (!status.ok) throw new Error(status.error.message);
      return status.value;
    };
    /** Runs jobs that are in the queue. */
    const run = (count: number): void => void state.jobs.push(...state.queue.splice(0, count));
    return { state, read, run, seen };
  }

  it('finds jobs of the queue by their names where a page of them is too large', async () => {
    const { state, read, run } = await server(300_000);
    state.jobs = [1];
    state.queue = [2, 3];
    expect(await read()).toMatchObject({ running: 1, waiting: 1, made: { count: 0 } });
    state.queue.push(4);
    await read();
    state.queue.push(5, 6);
    run(4);
    const status = await read();
    expect(status).toMatchObject({ made: { count: 4 } });
    expect(status.atLeast).toBeUndefined();
  });

  it('counts one job after another of which no two fit into a page', async () => {
    const { state, read, run } = await server(700_000);
    state.jobs = [1];
    state.queue = [2, 3, 4, 5];
    await read();
    for (const made of [1, 2, 3, 4]) {
      run(1);
      const status = await read();
      expect(status).toMatchObject({ made: { count: made } });
      expect(status.atLeast).toBeUndefined();
    }
  });

  it('says "at least" where jobs came and went that it has no name of', async () => {
    const { state, read } = await server(700_000);
    state.jobs = [1];
    await read();
    state.jobs.push(2, 3, 4);
    expect(await read()).toMatchObject({ made: { count: 1 }, atLeast: true });
  });

  it('is asked for its queue only when that has changed, and for no more of its history than is new', async () => {
    const { state, read, run, seen } = await server(100);
    state.jobs = Array.from({ length: 50 }, (_, i) => i + 1);
    state.queue = [51, 52, 53];
    await read();
    const before = seen.length;
    for (let i = 0; i < 5; i++) await read();
    run(1);
    await read();
    expect(seen.slice(before)).toEqual([
      ...Array.from({ length: 5 }, () => ['GET /prompt', 'GET /history?max_items=1']).flat(),
      ...['GET /prompt', 'GET /queue', 'GET /history?max_items=1', 'GET /history?max_items=2'],
    ]);
  });

  it('is not asked again for a queue that is too large, until that is half as long', async () => {
    const { state, read, run, seen } = await server(200_000);
    state.jobs = [1];
    state.queue = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const asked = (): number => seen.filter((request) => request === 'GET /queue').length;
    await read();
    for (let i = 0; i < 4; i++) {
      run(1);
      await read();
    }
    expect(asked()).toBe(1);
    run(2); // 4 are left
    await read();
    expect(asked()).toBe(2);
  });

  it('does not count an old job that is the newest since a newer one was deleted', async () => {
    const { state, read } = await server(100);
    state.jobs = [1, 2, 3];
    await read();
    state.jobs = [1, 2];
    expect(await read()).toMatchObject({ made: { count: 0 } });
  });
});

describe('Stable Diffusion WebUI', () => {
  type State = Parameters<typeof webuiProgress>[0];

  /** WebUI with its folders; `named` are further options. */
  async function webui(named: Readonly<Record<string, unknown>> = {}, more: Readonly<Record<string, unknown>> = {}) {
    const folder = temporaryFolder();
    let state: State = { count: 0, stamp: '0' };
    const { port } = await serve(
      replaying(() => ({
        '/sdapi/v1/progress': { ...webuiProgress(state), ...more },
        '/sdapi/v1/options': { ...webuiOptions, ...named },
      })),
    );
    const memory = new Map<string, number>();
    const filesMade = createFilesMade(folder);
    const read = async (next: State = state): Promise<ServerStatus> => {
      state = next;
      const status = await sdWebui.read(askLoopback({ host: '127.0.0.1', port }), memory, filesMade);
      if (!status.ok) throw new Error(status.error.message);
      return status.value;
    };
    const save = (...files: readonly string[]): void => {
      for (const file of files) {
        const whole = path.join(folder, file);
        fs.mkdirSync(path.dirname(whole), { recursive: true });
        fs.writeFileSync(whole, file);
      }
    };
    await read();
    return { read, save, folder };
  }
  const day = 'outputs/txt2img-images/2026-01-15';

  it('counts a job of hires fix and a batch size of 2 as the images that it saved', async () => {
    const { read, save } = await webui();
    await read({ job: 'task(x)', count: -1, step: 0 });
    await read({ job: 'Batch 1 out of 2', count: 4, no: 1 });
    save(`${day}/00001-1.png`, `${day}/00002-2.png`);
    expect(await read({ job: 'Batch 2 out of 2', count: 4, no: 2 })).toMatchObject({ made: { count: 2 } });
    save(`${day}/00003-3.png`, `${day}/00004-4.png`);
    const done = await read({ count: 0, no: 4 });
    expect(done).toMatchObject({ running: 0, made: { unit: 'image', count: 4 } });
    expect([done.atLeast, done.note]).toEqual([undefined, undefined]);
  });

  it('is working, and no error, while the number of its jobs is not known', async () => {
    const { read } = await webui();
    expect(await read({ job: 'task(x)', count: -1, step: 7 })).toMatchObject({ running: 1, waiting: 0 });
  });

  it('counts of an interrupted job what it saved', async () => {
    const { read, save } = await webui();
    await read({ job: 'Batch 1 out of 4', count: 4 });
    save(`${day}/00001-1.png`);
    await read({ job: 'Batch 2 out of 4', count: 4, no: 1, stopped: true });
    const done = await read({ count: 0, no: 2, stopped: true });
    expect(done).toMatchObject({ made: { count: 1 } });
    expect(done.atLeast).toBeUndefined();
  });

  it('counts nothing of a job that was interrupted before its first image', async () => {
    const { read } = await webui();
    await read({ job: 'task(x)', count: 1, step: 3 });
    const done = await read({ count: 0, no: 0, stopped: true });
    expect(done).toMatchObject({ made: { count: 0 } });
    expect(done.atLeast).toBeUndefined();
  });

  it('counts at least one image for each batch of a request through its API, which saves none', async () => {
    const { read } = await webui();
    await read({ job: 'scripts_txt2img', count: -1, step: 0 });
    await read({ job: 'Batch 2 out of 3', count: 3, no: 1 });
    const done = await read({ count: 0, no: 3 });
    expect(done).toMatchObject({ made: { count: 3 }, atLeast: true });
    expect(done.note).toContain('save_images');
  });

  it('says "at least" of a job that was too short to be seen sampling, and saved nothing', async () => {
    const { read } = await webui();
    await read({ job: 'scripts_txt2img', count: 1, step: 0 });
    expect(await read({ count: 0, no: 1 })).toMatchObject({ made: { count: 0 }, atLeast: true });
  });

  it('says "at least" where a job came and went between two readings and saved nothing', async () => {
    const { read, save } = await webui();
    expect(await read({ count: 0, stamp: '20260115120500' })).toMatchObject({ made: { count: 0 }, atLeast: true });
    save(`${day}/00001-1.png`);
    const saved = await read({ count: 0, stamp: '20260115121000' });
    expect(saved).toMatchObject({ made: { count: 1 } });
    expect(saved.atLeast).toBeUndefined();
  });

  it('counts no grid, mask, step on the way, copy or text', async () => {
    const { read, save } = await webui();
    const beside = [
      '00001-1-before-highres-fix.png',
      '00001-1-mask.png',
      '00001-1-mask-composite.png',
      'grid-0001.png',
      '00001-1.txt',
    ];
    save(`${day}/00001-1.png`, `${day}/00001-1.jpg`, ...beside.map((name) => `${day}/${name}`));
    save('outputs/txt2img-grids/2026-01-15/grid-0002.png', 'log/images/00001.png', 'outputs/init-images/a.png');
    expect(await read()).toMatchObject({ made: { count: 1 } });
  });

  it('looks where outdir_samples says, without the grids below it', async () => {
    const { read, save } = await webui({ outdir_samples: 'all', outdir_txt2img_grids: 'all/grids' });
    save(`${day}/00001-1.png`, 'all/2026-01-15/00002-2.png', 'all/grids/2026-01-15/00003.png');
    expect(await read()).toMatchObject({ made: { count: 1 } });
  });

  it('counts the videos of a fork apart', async () => {
    const { read, save } = await webui({ outdir_videos: 'outputs/videos' });
    save(`${day}/00001-1.png`, 'outputs/videos/00001.mp4');
    expect(await read()).toMatchObject({ made: { unit: 'image', count: 1 }, also: [{ unit: 'video', count: 1 }] });
  });

  it('counts one generation of SD.Next once, which is many jobs and saves in the last', async () => {
    const { read, save } = await webui({ outdir_txt2img_samples: 'outputs/text' }, { id: 'e1' });
    await read({ job: 'Text', count: 2, no: 0, stamp: '20260115120001' });
    await read({ count: 0, stamp: '20260115120001', step: 0 });
    await read({ job: 'VAE', count: 1, stamp: '20260115120009' });
    save('outputs/text/00001.png');
    await read({ job: 'Save', count: 1, stamp: '20260115120010' });
    await read({ count: 0, stamp: '20260115120010', step: 0 });
    const done = await read();
    expect(done).toMatchObject({ made: { count: 1 } });
    expect(done.atLeast).toBeUndefined();
  });

  it('knows no files where the working folder of the program is unknown', async () => {
    expect(await createFilesMade(undefined)({ folders: ['outputs'], without: [] })).toBeUndefined();
    const folder = temporaryFolder();
    const filesMade = createFilesMade(undefined);
    expect(await filesMade({ folders: [folder], without: [] })).toEqual([]);
    fs.writeFileSync(path.join(folder, 'a.png'), 'x');
    expect(await filesMade()).toEqual([path.join(folder, 'a.png')]);
  });
});
