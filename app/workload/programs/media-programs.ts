import { wordsOf, type Invocation } from './invocation.ts';
import type { ProgramRow } from './program-row.ts';

const WEBUI_SCRIPTS = new Set(['launch-py', 'webui-py']);
const FORGE = new Set(['forge', 'reforge']);

const MODEL_OPTIONS = new Set(['-m', '--model', '--diffusion-model']);

/** `sd` is also the name of an editor for streams: only one that is given a model generates. */
const olderStableDiffusionCpp = ({ file, options }: Invocation): boolean =>
  file === 'sd' && options.some((option) => MODEL_OPTIONS.has(option));

/** Programs that make images, video, sound and shapes, or turn sound into text. */
export const mediaPrograms: readonly ProgramRow[] = [
  {
    id: 'comfyui',
    name: 'ComfyUI',
    kind: 'diffusion',
    runs: ['comfyui/main.py', 'comfy/main.py', 'comfyui', 'comfy launch'],
    places: ['comfyui'],
    port: 8188,
    adapter: 'comfyui',
  },
  {
    id: 'forge',
    name: 'Stable Diffusion WebUI Forge',
    kind: 'diffusion',
    // sd-webui-forge-classic, stable-diffusion-webui-reForge, webui_forge_cu121_torch231
    also: ({ file, folder }) => WEBUI_SCRIPTS.has(file) && wordsOf(folder).some((word) => FORGE.has(word)),
    places: ['stable-diffusion-webui-forge', 'sd-webui-forge', 'webui-forge', 'forge'],
    port: 7860,
    adapter: 'sd-webui',
  },
  {
    id: 'sdnext',
    name: 'SD.Next',
    kind: 'diffusion',
    runs: ['sdnext/launch.py', 'sdnext/webui.py', 'sd-next/launch.py', 'automatic/launch.py', 'automatic/webui.py'],
    port: 7860,
    adapter: 'sd-webui',
  },
  {
    id: 'sd-webui',
    name: 'Stable Diffusion WebUI',
    kind: 'diffusion',
    runs: ['stable-diffusion-webui', 'sd-webui', 'automatic1111'].flatMap((folder) => [
      `${folder}/launch.py`,
      `${folder}/webui.py`,
    ]),
    places: ['stable-diffusion-webui', 'sd-webui', 'automatic1111'],
    port: 7860,
    adapter: 'sd-webui',
  },
  {
    id: 'invokeai',
    name: 'InvokeAI',
    kind: 'diffusion',
    runs: ['invokeai-web', 'invokeai'],
    modules: ['invokeai'],
    port: 9090,
    adapter: 'invokeai',
  },
  {
    id: 'fooocus',
    name: 'Fooocus',
    kind: 'diffusion',
    runs: ['entry_with_update.py', 'fooocus/launch.py', 'fooocus/webui.py'],
    port: 7865,
  },
  { id: 'wan2gp', name: 'Wan2GP', kind: 'diffusion', runs: ['wgp.py'], port: 7860 },
  {
    id: 'framepack',
    name: 'FramePack',
    kind: 'diffusion',
    runs: ['framepack/demo_gradio.py', 'framepack/demo_gradio_f1.py'],
    port: 7860,
  },
  {
    id: 'stable-diffusion.cpp',
    name: 'stable-diffusion.cpp',
    kind: 'diffusion',
    runs: ['sd-cli', 'sd-server', 'stable-diffusion-cpp/sd'],
    also: olderStableDiffusionCpp,
    port: 1234,
  },
  {
    id: 'ace-step',
    name: 'ACE-Step',
    kind: 'diffusion',
    runs: ['acestep', 'acestep-api', 'ace-step/infer.py', 'ace-step/gui.py'],
    modules: ['acestep'],
    port: 7865,
  },
  {
    id: 'hunyuan3d',
    name: 'Hunyuan3D',
    kind: 'diffusion',
    runs: ['hunyuan3d/gradio_app.py', 'hunyuan3d/api_server.py'],
    port: 8080,
  },
  {
    id: 'ai-toolkit',
    name: 'AI Toolkit',
    kind: 'training',
    runs: ['ai-toolkit/run.py', 'ai-toolkit/flux_train_ui.py'],
  },
  {
    id: 'whisper.cpp',
    name: 'whisper.cpp',
    kind: 'other',
    runs: [
      'whisper-server',
      'whisper-cli',
      'whisper-stream',
      'whisper-bench',
      'whisper-cpp/main',
      'whisper-cpp/server',
    ],
    port: 8080,
  },
];
