import type { CounterId } from './ids.ts';
import type { Adapter } from './adapter.ts';
import { comfyui } from './comfyui.ts';
import { invokeai } from './invokeai.ts';
import { ollama } from './ollama.ts';
import { llamaCpp, sglang, tgi, vllm } from './prometheus.ts';
import { sdWebui } from './sd-webui.ts';

const adapters: readonly Adapter[] = [comfyui, sdWebui, invokeai, ollama, llamaCpp, vllm, sglang, tgi];

/** The reader of a kind of program; outputs counted by files, lines or the meter have none. */
export const adapterOf = (id: CounterId): Adapter | undefined => adapters.find((adapter) => adapter.id === id);
