import { ok } from '../../result.ts';
import { shortModel } from '../match.ts';
import { askJson, at, entriesAt, listAt, malformed, textAt, told, type Adapter, type Json } from './adapter.ts';

/**
 * ComfyUI (docs.comfy.org, "Routes"): GET /queue lists what runs and waits, GET /history what was made. Its /ws sends
 * the progress of a job only to the client that queued it; to listen there would mean to pass for that client, so steps
 * within a job are not read.
 */
const HISTORY = '/history?max_items=64';
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

export const comfyui: Adapter = {
  id: 'comfyui',
  async read(ask, memory) {
    const queue = await askJson(ask, '/queue');
    if (!queue.ok) return queue;
    const running = listAt(queue.value, 'queue_running');
    const pending = listAt(queue.value, 'queue_pending');
    if (!running || !pending) return malformed('/queue');
    const history = await askJson(ask, HISTORY);
    if (!history.ok) return history;
    // the history is cut at its oldest end and may be cleared by hand: each job is counted when it is first seen
    const begun = memory.has('made');
    let made = memory.get('made') ?? 0;
    const jobs = entriesAt(history.value);
    for (const [id, job] of jobs) {
      if (memory.has(`job:${id}`)) continue;
      memory.set(`job:${id}`, 1);
      if (begun) made += imagesOf(job);
    }
    memory.set('made', made);
    forget(memory, new Set(jobs.map(([id]) => `job:${id}`)));
    return ok(
      told({
        running: running.length,
        waiting: pending.length,
        // a queue entry is [number, id, graph, …]
        model: modelOf(at(running[0], 2)) ?? modelOf(at(jobs.at(-1)?.[1], 'prompt', 2)),
        made: { unit: 'image', count: made },
      }),
    );
  },
};

/** Jobs that left the history do not come back. */
function forget(memory: Map<string, number>, kept: ReadonlySet<string>): void {
  for (const key of memory.keys()) if (key.startsWith('job:') && !kept.has(key)) memory.delete(key);
}
