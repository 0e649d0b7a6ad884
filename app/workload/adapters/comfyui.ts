import { ok, type Result } from '../../core/result.ts';
import { shortModel } from '../programs/match.ts';
import { askJson, malformed, told } from './adapter.ts';
import { at, entriesAt, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import type { Adapter, Ask } from './adapter.ts';

/**
 * ComfyUI (docs.comfy.org, "Routes"): GET /queue lists what runs and waits, GET /history what was made. Its /ws sends
 * the progress of a job only to the client that queued it; to listen there would mean to pass for that client, so steps
 * within a job are not read. Both answers carry the whole graph of each job, so the history is asked for in small pages,
 * and a queue that is too large is asked for its length alone.
 */
const PAGE = 8;
const KNOWN_JOBS = 512;
const UNREADABLE = 'The newest job in ComfyUI’s history is larger than 1 MiB, so its images are not counted.';
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

/** Pictures and films of one job that it kept; previews are `temp`. */
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
    const left = numberAt(prompt.value, 'exec_info', 'queue_remaining');
    // it works on one job at a time
    return left === undefined
      ? malformed('/prompt')
      : ok({ running: Math.min(1, left), waiting: Math.max(0, left - 1) });
  }
  if (!queue.ok) return queue;
  const running = listAt(queue.value, 'queue_running');
  const pending = listAt(queue.value, 'queue_pending');
  if (!running || !pending) return malformed('/queue');
  // a queue entry is [number, id, graph, …]
  return ok({ running: running.length, waiting: pending.length, graph: at(running[0], 2) });
}

type Page = { readonly jobs: readonly (readonly [id: string, job: Json])[]; readonly full: boolean };

/** The newest jobs, oldest first; fewer of them where their graphs are large. */
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
 * Counts the images of jobs when they are first seen: the history is cut at its oldest end and may be cleared by hand.
 * Answers whether some may have gone unseen: a full page that knows none of the jobs before it.
 */
function count({ jobs, full }: Page, memory: Map<string, number>): boolean {
  const begun = memory.has('made');
  const known = jobs.findLastIndex(([id]) => memory.has(`job:${id}`));
  let made = memory.get('made') ?? 0;
  for (const [id, job] of jobs.slice(known + 1)) {
    memory.set(`job:${id}`, 1);
    if (begun) made += imagesOf(job);
  }
  memory.set('made', made);
  forget(memory);
  return begun && full && known < 0;
}

export const comfyui: Adapter = {
  id: 'comfyui',
  async read(ask, memory) {
    const queue = await queueOf(ask);
    if (!queue.ok) return queue;
    const { running, waiting, graph } = queue.value;
    const page = await newestJobs(ask);
    if (!page.ok && page.error.code !== 'too-large') return page;
    if (!page.ok) return ok(told({ running, waiting, model: modelOf(graph), atLeast: true, note: UNREADABLE }));
    const atLeast = count(page.value, memory);
    return ok(
      told({
        running,
        waiting,
        model: modelOf(graph) ?? modelOf(at(page.value.jobs.at(-1)?.[1], 'prompt', 2)),
        made: { unit: 'image', count: memory.get('made')! },
        atLeast: atLeast || undefined,
      }),
    );
  },
};

/** The oldest jobs that were seen; they left the page long ago. */
function forget(memory: Map<string, number>): void {
  const jobs = [...memory.keys()].filter((key) => key.startsWith('job:'));
  for (const key of jobs.slice(0, -KNOWN_JOBS)) memory.delete(key);
}
