import type { IdleModel } from './schema.ts';

/** A name that a shell takes as one word. */
const WORD = /^[\w.:/@+-]+$/;

/**
 * The command that unloads a model and leaves its program running. Undefined: the program has none, so only its end unloads
 * the model. Sources: Ollama, docs/cli ("ollama stop"); LM Studio, docs ("lms unload"); ComfyUI, server.py ("/free"); Stable
 * Diffusion WebUI, modules/api/api.py. The ports are the programs' own defaults.
 */
export function unloadCommand({ adapter, program, model }: Pick<IdleModel, 'adapter' | 'program' | 'model'>) {
  if (adapter === 'ollama') return model !== undefined && WORD.test(model) ? `ollama stop ${model}` : undefined;
  if (program === 'LM Studio') return 'lms unload --all';
  if (adapter === 'comfyui')
    return `curl -X POST http://127.0.0.1:8188/free -H 'Content-Type: application/json' -d '{"unload_models": true}'`;
  return adapter === 'sd-webui' ? 'curl -X POST http://127.0.0.1:7860/sdapi/v1/unload-checkpoint' : undefined;
}
