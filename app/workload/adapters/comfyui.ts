import { text } from '../../core/i18n.ts';
import { at, entriesAt, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { ok, type Result } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import { askJson, compact, unknownForm, type Adapter, type Ask } from './adapter.ts';

/**
 * ComfyUI (docs.comfy.org, "Routes"): GET /queue lists running and waiting jobs, GET /history completed ones. Its /ws
 * reports the progress of a job only to the client that queued it. Listening there would mean to impersonate that
 * client, so steps within a job are not read. Both answers contain the whole graph of each job. Therefore the history is
 * read in small pages, and of a queue that is too large only the length.
 */
const PAGE = 8;
const KNOWN_JOBS = 512;
const LOADERS: Readonly<Record<string, string>> = {
  CheckpointLoaderSimple: 'ckpt_name',
  CheckpointLoader: 'ckpt_name',
  UNETLoader: 'unet_name',
  UnetLoaderGGUF: 'unet_name',
  DiffusersLoader: 'model_path',
  ImageOnlyCheckpointLoader: 'ckpt_name',
};

function modelOf(graph: Json): string | undefined {
  for (const [, node] of entriesAt(graph)) {
    const input = LOADERS[textAt(node, 'class_type') ?? ''];
    const name = input && textAt(node, 'inputs', input);
    if (name) return shortModel(name);
  }
  return undefined;
}

/** Images and videos that one job kept. Previews have the type `temp`. */
const imagesOf = (job: Json): number =>
  entriesAt(job, 'outputs').reduce(
    (sum, [, node]) =>
      sum +
      (['images', 'gifs', 'video'] as const)
        .flatMap((key) => listAt(node, key) ?? [])
        .filter((image) => at(image, 'type') === 'output').length,
    0,
  );

type Queue = { readonly running: number; readonly waiting: number; readonly graph?: Json };

async function queueOf(ask: Ask): Promise<Result<Queue>> {
  const queue = await askJson(ask, '/queue');
  if (!queue.ok && queue.error.code === 'too-large') {
    const prompt = await askJson(ask, '/prompt');
    if (!prompt.ok) return prompt;
    const remaining = numberAt(prompt.value, 'exec_info', 'queue_remaining');
    // it runs one job at a time
    return remaining === undefined
      ? unknownForm('/prompt')
      : ok({ running: Math.min(1, remaining), waiting: Math.max(0, remaining - 1) });
  }
  if (!queue.ok) return queue;
  const running = listAt(queue.value, 'queue_running');
  const pending = listAt(queue.value, 'queue_pending');
  if (!running || !pending) return unknownForm('/queue');
  // a queue entry is [number, id, graph, …]
  return ok({ running: running.length, waiting: pending.length, graph: at(running[0], 2) });
}

type Page = { readonly jobs: readonly (readonly [id: string, job: Json])[]; readonly full: boolean };

/** The newest jobs, oldest first. If their graphs are too large for a page, only the newest. */
async function newestJobs(ask: Ask): Promise<Result<Page>> {
  for (let size = PAGE; ; size = 1) {
    const history = await askJson(ask, `/history?max_items=${size}`);
    if (!history.ok && history.error.code === 'too-large' && size > 1) continue;
    if (!history.ok) return history;
    const jobs = entriesAt(history.value);
    return ok({ jobs, full: jobs.length >= size });
  }
}

/**
 * Counts the images of each job once, when it is first seen: the history drops its oldest jobs and can be cleared.
 * @returns whether jobs may have been missed: the page is full, and none of its jobs was seen before
 */
function count({ jobs, full }: Page, memory: Map<string, number>): boolean {
  const started = memory.has('made');
  const known = jobs.findLastIndex(([id]) => memory.has(`job:${id}`));
  let made = memory.get('made') ?? 0;
  for (const [id, job] of jobs.slice(known + 1)) {
    memory.set(`job:${id}`, 1);
    if (started) made += imagesOf(job);
  }
  memory.set('made', made);
  forget(memory);
  return started && full && known < 0;
}

export const comfyui: Adapter = {
  async read(ask, memory) {
    const queue = await queueOf(ask);
    if (!queue.ok) return queue;
    const { running, waiting, graph } = queue.value;
    const page = await newestJobs(ask);
    if (!page.ok && page.error.code !== 'too-large') return page;
    if (!page.ok)
      return ok(
        compact({ running, waiting, model: modelOf(graph), atLeast: true, note: text('workload.comfyuiJobTooLarge') }),
      );
    const atLeast = count(page.value, memory);
    return ok(
      compact({
        running,
        waiting,
        model: modelOf(graph) ?? modelOf(at(page.value.jobs.at(-1)?.[1], 'prompt', 2)),
        made: { unit: 'image', count: memory.get('made')! },
        atLeast: atLeast || undefined,
      }),
    );
  },
};

/** Forgets the oldest jobs: they are no longer on any page. */
function forget(memory: Map<string, number>): void {
  const jobs = [...memory.keys()].filter((key) => key.startsWith('job:'));
  for (const key of jobs.slice(0, -KNOWN_JOBS)) memory.delete(key);
}
