import type { Adapter } from './adapter.ts';
import { comfyui } from './comfyui.ts';
import type { AdapterId, CounterId } from './ids.ts';
import { invokeai } from './invokeai.ts';
import { koboldcpp } from './koboldcpp.ts';
import { llamaCpp } from './llama-cpp.ts';
import { ollama } from './ollama.ts';
import { sdWebui } from './sd-webui.ts';
import { sglang } from './sglang.ts';
import { tgi } from './tgi.ts';
import { vllm } from './vllm.ts';

/** The adapter of each kind of program. A new one is a file here, an id in ids.ts and a row. */
export const adapters: Readonly<Record<AdapterId, Adapter>> = {
  comfyui,
  'sd-webui': sdWebui,
  invokeai,
  ollama,
  'llama.cpp': llamaCpp,
  koboldcpp,
  vllm,
  sglang,
  tgi,
};

/** Undefined for outputs that Slowburn counts itself: by files, lines or the meter. */
export const adapterOf = (id: CounterId): Adapter | undefined =>
  Object.hasOwn(adapters, id) ? adapters[id as AdapterId] : undefined;
