import fs from 'node:fs';
import path from 'node:path';
import { at, listAt, textAt, type Json } from '../../core/json.ts';
import { readInput } from '../../core/read-input.node.ts';
import { modelOption } from './match.ts';

/** Ollama keeps a model's weights under their hash: MODELS/blobs/sha256-… (manifest/paths.go, "BlobsPath"). */
const BLOB = /^(.+)[/\\]blobs[/\\]sha256-([0-9a-f]{64})$/;
const WEIGHTS = 'application/vnd.ollama.image.model';
const LARGEST_MANIFEST = 64 * 1024;
const MOST_MANIFESTS = 500;

/** The usual registry and owner are left out, as Ollama does (types/model/name.go, "DisplayShortest"). */
function displayName(parts: readonly string[]): string {
  const [host, owner, model, tag] = parts;
  if (host !== 'registry.ollama.ai') return `${host}/${owner}/${model}:${tag}`;
  return owner === 'library' ? `${model}:${tag}` : `${owner}/${model}:${tag}`;
}

/** Files below a folder that lie exactly four names deep: registry, owner, model, tag. */
function* manifestsBelow(folder: string, parts: readonly string[] = []): Generator<readonly string[]> {
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(path.join(folder, ...parts), { withFileTypes: true });
  } catch {
    return; // it belongs to another user, or lies in a container
  }
  for (const entry of entries.toSorted((a, b) => a.name.localeCompare(b.name, 'en'))) {
    const next = [...parts, entry.name];
    if (next.length < 4 && entry.isDirectory()) yield* manifestsBelow(folder, next);
    else if (next.length === 4 && entry.isFile()) yield next;
  }
}

function holds(file: string, digest: string): boolean {
  const text = readInput(file, LARGEST_MANIFEST);
  if (!text.ok || !text.value.includes(digest)) return false;
  try {
    const layers = listAt(JSON.parse(text.value.toString('utf8')) as Json, 'layers') ?? [];
    return layers.some((layer) => at(layer, 'mediaType') === WEIGHTS && textAt(layer, 'digest') === digest);
  } catch {
    return false; // it is being written
  }
}

/**
 * The names under which Ollama keeps the weights that a command line names: those of all manifests that hold their hash. Several
 * names may share weights. Empty: they are not Ollama's, or its manifests cannot be read.
 */
export function ollamaNames(command: readonly string[]): readonly string[] {
  const [, models, hash] = BLOB.exec(modelOption(command) ?? '') ?? [];
  if (models === undefined || hash === undefined) return [];
  const folder = path.join(models, 'manifests');
  const names: string[] = [];
  let left = MOST_MANIFESTS;
  for (const parts of manifestsBelow(folder)) {
    if (left-- <= 0) break;
    if (holds(path.join(folder, ...parts), `sha256:${hash}`)) names.push(displayName(parts));
  }
  return names;
}
