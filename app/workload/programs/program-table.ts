import type { AdapterId } from '../adapters/ids.ts';
import type { WorkloadKind } from './kinds.ts';

/** A test of a text that any user of the machine can choose: its work must grow linearly with the text. */
type TextTest = { readonly test: (text: string) => boolean };

const anyOf = (...tests: readonly TextTest[]): TextTest => ({ test: (text) => tests.some((one) => one.test(text)) });

/** Both on one line, in this order. One expression would try the second from each match of the first. */
const inOrder = (first: RegExp, second: RegExp): TextTest => ({
  test: (text) =>
    text.split('\n').some((line) => {
      const at = line.search(first);
      return at >= 0 && second.test(line.slice(at));
    }),
});

/** How one program is recognised. Sources: each project's own start instructions. */
export type ProgramRow = {
  readonly id: string;
  readonly name: string;
  readonly kind: WorkloadKind;
  /** matched against the command line and the working directory of a process */
  readonly line: TextTest;
  /** matched against its control group, service unit and container monitor */
  readonly place?: TextTest;
  /** its default port. A port alone proves nothing: it identifies scripts only, and is where the adapter looks first. */
  readonly port?: number;
  readonly adapter?: AdapterId;
};

/**
 * Programs that load a card. A new program is a new row. The first row that matches wins: forks come before the program
 * they are forks of, and training comes before the libraries that it uses.
 */
export const programTable = [
  { id: 'reference', name: 'Slowburn reference load', kind: 'other', line: /\s--burn=/ },
  {
    id: 'comfyui',
    name: 'ComfyUI',
    kind: 'diffusion',
    line: /comfy[-_ ]?ui|\bcomfy launch\b/i,
    place: /comfy-?ui/i,
    port: 8188,
    adapter: 'comfyui',
  },
  {
    id: 'forge',
    name: 'Stable Diffusion WebUI Forge',
    kind: 'diffusion',
    line: /stable-diffusion-webui-(re)?forge|sd-webui-forge|\bwebui-forge\b/i,
    place: /webui-forge/i,
    port: 7860,
    adapter: 'sd-webui',
  },
  {
    id: 'sd-webui',
    name: 'Stable Diffusion WebUI',
    kind: 'diffusion',
    line: /stable-diffusion-webui|\bsd-?webui\b|automatic1111/i,
    place: /stable-diffusion-webui|automatic1111/i,
    port: 7860,
    adapter: 'sd-webui',
  },
  {
    id: 'invokeai',
    name: 'InvokeAI',
    kind: 'diffusion',
    line: /invoke-?ai/i,
    place: /invoke-?ai/i,
    port: 9090,
    adapter: 'invokeai',
  },
  {
    id: 'fooocus',
    name: 'Fooocus',
    kind: 'diffusion',
    line: /fooocus|entry_with_update\.py/i,
    place: /fooocus/i,
    port: 7865,
  },
  {
    id: 'ollama',
    name: 'Ollama',
    kind: 'llm',
    line: /(^|[/\\\s])ollama(\.exe|_llama_server)?(\s|$)/i,
    place: /\bollama(\.ollama)?(\.service)?\b/i,
    port: 11434,
    adapter: 'ollama',
  },
  {
    id: 'lm-studio',
    name: 'LM Studio',
    kind: 'llm',
    line: /lm[-_ ]?studio|\.lmstudio|(^|[/\\])(lms|llmster)(\.exe)?(\s|$)/i,
    port: 1234,
  },
  {
    id: 'tgi',
    name: 'Text Generation Inference',
    kind: 'llm',
    line: /text-generation-(launcher|router|server)\b/,
    place: /text-generation-inference/i,
    port: 3000,
    adapter: 'tgi',
  },
  {
    id: 'text-generation-webui',
    name: 'text-generation-webui',
    kind: 'llm',
    line: /text-generation-webui|oobabooga/i,
    place: /text-generation-webui/i,
    port: 5000,
  },
  {
    id: 'llama.cpp',
    name: 'llama.cpp',
    kind: 'llm',
    line: /(^|[/\\\s])(llama-(server|cli|bench|run)|llama_cpp\.server|koboldcpp)(\.exe|\.py)?(\s|$)|llama\.cpp[/\\]/i,
    place: /llama[.-]?cpp|llama-server/i,
    port: 8080,
    adapter: 'llama.cpp',
  },
  {
    id: 'sglang',
    name: 'SGLang',
    kind: 'llm',
    line: /\bsglang(\.launch_server|::|\s|$)|sglang_router/i,
    place: /sglang/i,
    port: 30000,
    adapter: 'sglang',
  },
  {
    id: 'vllm',
    name: 'vLLM',
    kind: 'llm',
    line: /\bvllm(\.entrypoints|::|\s+serve\b|\s+bench\b)|[/\\]vllm\s/i,
    place: /\bvllm\b/i,
    port: 8000,
    adapter: 'vllm',
  },
  {
    id: 'training',
    name: 'Training loop',
    kind: 'training',
    line: /\b(torchrun|torch\.distributed\.(run|launch)|accelerate(\.commands)?[ .]launch|deepspeed|axolotl|llamafactory-cli|kohya_ss|sd-scripts)\b|(^|[/\\\s])(pre)?(train|finetune|fine_tune|sft|dreambooth)\w*\.py\b/i,
  },
  {
    id: 'autoregressive-image',
    name: 'Autoregressive image script',
    kind: 'autoregressive-image',
    line: anyOf(
      inOrder(/\b(llamagen|janus|emu3|lumina[-_]?mgpt|parti|simplear|infinity|autoregressive)/i, /\.py\b/i),
      inOrder(/\.py\b/i, /\b(llamagen|janus|emu3|lumina-?mgpt|simplear)/i),
    ),
  },
  {
    id: 'diffusers',
    name: 'Diffusers script',
    kind: 'diffusion',
    line: /\bdiffusers\b|(diffus|txt2img|text2image|text_to_image|img2img|sdxl|flux)\w{0,40}\.py\b/i,
  },
  {
    id: 'transformers',
    name: 'Transformers script',
    kind: 'llm',
    line: /\btransformers([ -]cli|\s+(serve|chat))\b|(transformers|generate_text|text_generation|chat|llm)\w{0,40}\.py\b/i,
  },
] as const satisfies readonly ProgramRow[];
