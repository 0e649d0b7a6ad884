/** Programs whose own server Slowburn can ask. Each has one file in this folder and one row in index.ts. */
export const adapterIds = [
  'comfyui',
  'sd-webui',
  'invokeai',
  'ollama',
  'llama.cpp',
  'koboldcpp',
  'vllm',
  'sglang',
  'tgi',
] as const;
export type AdapterId = (typeof adapterIds)[number];

/** Who can count outputs: a program's own server, or Slowburn through new files, printed lines or the meter. */
export const counterIds = [...adapterIds, 'glob', 'lines', 'meter'] as const;
export type CounterId = (typeof counterIds)[number];

export const outputUnits = ['image', 'token', 'step', 'file', 'line', 'video', 'audio', 'model-3d'] as const;
export type OutputUnit = (typeof outputUnits)[number];

export const speedUnits = ['it/s', 'tok/s'] as const;
