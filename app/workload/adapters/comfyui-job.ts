import { at, entriesAt, listAt, textAt, type Json } from '../../core/json.ts';
import { shortModel } from '../programs/model-name.ts';
import type { OutputUnit } from './ids.ts';
import { mediaOf } from './media.ts';

const LOADERS: Readonly<Record<string, string>> = {
  CheckpointLoaderSimple: 'ckpt_name',
  CheckpointLoader: 'ckpt_name',
  UNETLoader: 'unet_name',
  UnetLoaderGGUF: 'unet_name',
  DiffusersLoader: 'model_path',
  ImageOnlyCheckpointLoader: 'ckpt_name',
};

/** The model that a graph loads first. */
export function modelOf(graph: Json): string | undefined {
  for (const [, node] of entriesAt(graph)) {
    const input = LOADERS[textAt(node, 'class_type') ?? ''];
    const name = input && textAt(node, 'inputs', input);
    if (name) return shortModel(name);
  }
  return undefined;
}

/** Keys of a node's outputs, and what they hold where the name of a file does not tell. */
const keys: Readonly<Record<string, OutputUnit>> = {
  images: 'image',
  gifs: 'video',
  video: 'video',
  audio: 'audio',
  '3d': 'model-3d',
};

/**
 * Nodes whose results were there before the job: execution.py lists them as `execution_cached`, and repeats their old
 * files among the job's outputs. A node within a cached one has the name of that node before its own.
 */
function cachedIn(job: Json): (node: string) => boolean {
  const messages = listAt(job, 'status', 'messages') ?? [];
  const cached = new Set(
    messages.flatMap((message) => (at(message, 0) === 'execution_cached' ? (listAt(message, 1, 'nodes') ?? []) : [])),
  );
  return (node) => node.split('.').some((_, i, parts) => cached.has(parts.slice(0, i + 1).join('.')));
}

/** What one job of the history made and kept, by kind. Previews have the type `temp`. */
export function madeBy(job: Json): ReadonlyMap<OutputUnit, number> {
  const made = new Map<OutputUnit, number>();
  const isCached = cachedIn(job);
  for (const [node, outputs] of entriesAt(job, 'outputs')) {
    if (isCached(node)) continue;
    const animated = listAt(outputs, 'animated')?.includes(true) ?? false;
    for (const [key, usual] of Object.entries(keys)) {
      for (const file of listAt(outputs, key) ?? []) {
        if (at(file, 'type') !== 'output') continue;
        const unit = mediaOf(textAt(file, 'filename') ?? '') ?? usual;
        const kind = unit === 'image' && animated ? 'video' : unit;
        made.set(kind, (made.get(kind) ?? 0) + 1);
      }
    }
  }
  return made;
}
