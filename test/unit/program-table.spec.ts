import { describe, expect, it } from 'vitest';
import { plainName } from '../../app/workload/programs/invocation.ts';
import { matchProcess, modelFromCommand, spokenBy, type ProcessFacts } from '../../app/workload/programs/match.ts';
import { shortModel } from '../../app/workload/programs/model-name.ts';
import { programTable } from '../../app/workload/programs/program-table.ts';
import { leaderOf } from '../../app/workload/programs/programs.ts';
import { serversOf } from '../../app/workload/programs/servers.ts';

const facts = (command: string, more: Partial<ProcessFacts> = {}): ProcessFacts => ({
  pid: 100,
  startedAt: '1',
  command: command.split(' '),
  ancestors: [],
  ...more,
});

/** Working directory of a process; undefined: it cannot be read. */
type Folder = string | undefined;

/** Command lines as each project's own instructions give them, with the repository and the file that does. */
const known: readonly (readonly [id: string, command: string, folder: Folder, source: string])[] = [
  [
    'comfyui',
    '/home/a/ComfyUI/venv/bin/python main.py --listen',
    '/home/a/ComfyUI',
    'comfyanonymous/ComfyUI README.md',
  ],
  ['comfyui', '/home/a/ComfyUI/venv/bin/python main.py', undefined, 'the same under another user'],
  [
    'comfyui',
    '.\\python_embeded\\python.exe -s ComfyUI\\main.py --windows-standalone-build',
    'C:\\ComfyUI_windows_portable',
    'comfyanonymous/ComfyUI .ci/windows_nvidia_base_files/run_nvidia_gpu.bat',
  ],
  ['comfyui', 'python /opt/comfyui/main.py', '/', 'comfyanonymous/ComfyUI README.md'],
  [
    'sd-webui',
    'python3 launch.py --api',
    '/srv/stable-diffusion-webui',
    'AUTOMATIC1111/stable-diffusion-webui webui.sh',
  ],
  [
    'forge',
    'python launch.py',
    'C:\\ai\\stable-diffusion-webui-forge',
    'lllyasviel/stable-diffusion-webui-forge README.md',
  ],
  [
    'forge',
    'python launch.py',
    'D:\\webui_forge_cu121_torch231\\webui',
    'lllyasviel/stable-diffusion-webui-forge README.md',
  ],
  [
    'forge',
    'python launch.py',
    '/a/stable-diffusion-webui-reForge',
    'Panchovix/stable-diffusion-webui-reForge README.md',
  ],
  ['sdnext', '/home/a/sdnext/venv/bin/python3 launch.py', '/home/a/sdnext', 'vladmandic/sdnext webui.sh'],
  ['sdnext', 'python3 launch.py --debug', '/home/a/automatic', 'vladmandic/automatic webui.sh'],
  ['invokeai', '/venv/bin/python /venv/bin/invokeai-web', '/invokeai', 'invoke-ai/InvokeAI docker/Dockerfile'],
  [
    'fooocus',
    '.\\python_embeded\\python.exe -s Fooocus\\entry_with_update.py',
    'C:\\Fooocus_win64_2-5-0',
    'lllyasviel/Fooocus readme.md',
  ],
  ['wan2gp', 'python wgp.py --process my_queue.zip', '/home/a/Wan2GP', 'deepbeepmeep/Wan2GP docs/CLI.md'],
  ['framepack', 'python demo_gradio.py --share', '/home/a/FramePack', 'lllyasviel/FramePack README.md'],
  ['framepack', 'python demo_gradio_f1.py', 'C:\\framepack_cu126_torch26\\webui', 'lllyasviel/FramePack README.md'],
  [
    'stable-diffusion.cpp',
    './bin/sd-cli -m ../models/v1-5-pruned-emaonly.safetensors -p cat',
    '/a',
    'leejet/stable-diffusion.cpp README.md',
  ],
  ['stable-diffusion.cpp', '/sd-server -m /models/sd-v1-4.ckpt', '/', 'leejet/stable-diffusion.cpp docs/docker.md'],
  [
    'stable-diffusion.cpp',
    './bin/sd -m ../models/sd-v1-4.ckpt -p cat',
    '/a/x/build',
    'leejet/stable-diffusion.cpp README.md of 2024',
  ],
  ['ace-step', '/venv/bin/python /venv/bin/acestep --port 7865', '/a', 'ace-step/ACE-Step setup.py'],
  ['ace-step', '/a/.venv/bin/python3 /a/.venv/bin/acestep-api', '/a', 'ace-step/ACE-Step-1.5 pyproject.toml'],
  [
    'hunyuan3d',
    'python3 gradio_app.py --model_path tencent/Hunyuan3D-2mini',
    '/a/Hunyuan3D-2',
    'Tencent-Hunyuan/Hunyuan3D-2 README.md',
  ],
  [
    'hunyuan3d',
    'python api_server.py --host 0.0.0.0 --port 8080',
    '/a/Hunyuan3D-2.1',
    'Tencent-Hunyuan/Hunyuan3D-2 README.md',
  ],
  ['ai-toolkit', 'python run.py config/my_lora.yml', '/a/ai-toolkit', 'ostris/ai-toolkit README.md'],
  [
    'whisper.cpp',
    './build/bin/whisper-server -m models/ggml-base.en.bin',
    '/a',
    'ggml-org/whisper.cpp examples/server/README.md',
  ],
  ['whisper.cpp', './build/bin/whisper-cli -f samples/jfk.wav', '/a', 'ggml-org/whisper.cpp README.md'],
  ['ollama', '/usr/local/bin/ollama serve', '/', 'ollama/ollama scripts/install.sh'],
  [
    'ollama',
    `/usr/local/lib/ollama/llama-server --model /usr/share/ollama/.ollama/models/blobs/sha256-${'a9'.repeat(32)} --port 44067 --host 127.0.0.1 --no-webui --offline -c 8192 -np 2`,
    undefined,
    'ollama/ollama llm/llama_server.go',
  ],
  [
    'ollama',
    'C:\\Users\\me\\AppData\\Local\\Programs\\Ollama\\lib\\ollama\\llama-server.exe --model x --port 1',
    undefined,
    'ollama/ollama llm/llama_binary.go',
  ],
  [
    'ollama',
    '/usr/local/bin/ollama runner --ollama-engine --model /root/.ollama/models/blobs/sha256-1 --port 35253',
    undefined,
    'ollama/ollama llm/server.go of 0.9',
  ],
  [
    'ollama',
    '/usr/local/lib/ollama/runners/cuda_v12_avx/ollama_llama_server runner --model /a/blobs/sha256-1 --port 41813',
    undefined,
    'ollama/ollama llm/server.go of 0.5',
  ],
  ['lm-studio', '/tmp/.mount_LM-Stu5vJHJN/lm-studio --type=utility', '/', 'lmstudio-ai/lmstudio-bug-tracker issue 588'],
  [
    'lm-studio',
    '/home/a/.cache/lm-studio/.internal/utils/node /tmp/worker.js',
    '/',
    'lmstudio-ai/lmstudio-bug-tracker issue 588',
  ],
  ['lm-studio', '/home/a/Downloads/LM-Studio-0.3.15-x64.AppImage', '/', 'lmstudio-ai/lmstudio-bug-tracker issue 1439'],
  ['lm-studio', '/opt/lm-studio/lm-studio', '/', 'lmstudio-ai/lmstudio-bug-tracker'],
  [
    'docker-model-runner',
    '/app/llama-server -ngl 999 --metrics --model /models/model.gguf --host inference-runner-0.sock --jinja',
    '/',
    'docker/model-runner pkg/inference/backends/llamacpp/llamacpp_config_test.go',
  ],
  [
    'docker-model-runner',
    '/opt/docker/bin/com.docker.llama-server -ngl 999 --model /models/model.gguf',
    '/',
    'docker/model-runner pkg/inference/backends/llamacpp/llamacpp.go',
  ],
  [
    'llama-swap',
    'llama-swap --config path/to/config.yaml --listen localhost:8080',
    '/',
    'mostlygeek/llama-swap README.md',
  ],
  ['local-ai', './local-ai run', '/', 'mudler/LocalAI entrypoint.sh'],
  ['local-ai', '/usr/local/bin/local-ai-v3.1.0-linux-amd64 run', '/', 'mudler/LocalAI releases'],
  ['lemonade', '/usr/bin/lemond', '/', 'lemonade-sdk/lemonade data/lemond.service.in'],
  ['unsloth', '/a/bin/python /a/bin/unsloth studio -p 8888', '/', 'unslothai/unsloth README.md'],
  [
    'xinference',
    '/root/miniconda/envs/dify/bin/python /root/miniconda/envs/dify/bin/xinference-local --host 0.0.0.0 --port 9997',
    '/',
    'xorbitsai/inference doc/source/getting_started/using_xinference.rst',
  ],
  [
    'text-generation-webui',
    './portable_env/bin/python3 server.py --portable --api --auto-launch',
    '/a/text-generation-webui-3.5',
    'oobabooga/text-generation-webui start_linux.sh',
  ],
  ['tabbyapi', 'python main.py', '/a/tabbyAPI', 'theroyallab/tabbyAPI start.sh'],
  ['tabbyapi', 'python3 start.py', '/a/tabbyAPI', 'theroyallab/tabbyAPI start.py'],
  ['koboldcpp', './koboldcpp-linux-x64-oldpc model.gguf', '/a', 'LostRuins/koboldcpp README.md'],
  ['koboldcpp', 'D:\\koboldcpp_cu12.exe --model x.gguf', 'D:\\', 'LostRuins/koboldcpp README.md'],
  ['koboldcpp', 'python koboldcpp.py --model KobbleTiny-Q4_K.gguf', '/a/koboldcpp', 'LostRuins/koboldcpp README.md'],
  ['llamafile', './llava-v1.5-7b-q4.llamafile', '/a', 'Mozilla-Ocho/llamafile README.md'],
  [
    'llamafile',
    '/home/a/.ape-1.10 ./mistral-7b-instruct-v0.2.Q5_K_M.llamafile --temp 0.7',
    '/a',
    'Mozilla-Ocho/llamafile README.md',
  ],
  ['llamafile', 'llamafile --server --v2 -m x.gguf', '/a', 'Mozilla-Ocho/llamafile README.md'],
  ['tgi', 'text-generation-launcher --model-id x/y', '/', 'huggingface/text-generation-inference README.md'],
  [
    'tei',
    'text-embeddings-router --model-id BAAI/bge-large-en-v1.5 --port 8080',
    '/',
    'huggingface/text-embeddings-inference README.md',
  ],
  [
    'infinity',
    '/a/bin/python /a/bin/infinity_emb v2 --model-id BAAI/bge-reranker-base --port 7997',
    '/',
    'michaelfeil/infinity libs/infinity_emb/pyproject.toml',
  ],
  [
    'lmdeploy',
    '/a/bin/python /a/bin/lmdeploy serve api_server internlm/POLAR-7B --server-port 30000',
    '/',
    'InternLM/lmdeploy setup.py',
  ],
  [
    'tensorrt-llm',
    '/usr/bin/python3 /usr/local/bin/trtllm-serve TinyLlama/TinyLlama-1.1B-Chat-v1.0',
    '/',
    'NVIDIA/TensorRT-LLM docs/source/quick-start-guide.md',
  ],
  [
    'triton',
    '/opt/tritonserver/bin/tritonserver --model-repository=/models',
    '/',
    'triton-inference-server/server docs/getting_started/quickstart.md',
  ],
  [
    'mlc-llm',
    'python -m mlc_llm serve HF://mlc-ai/Llama-3-8B-Instruct-q4f16_1-MLC',
    '/',
    'mlc-ai/mlc-llm python/setup.py',
  ],
  ['mistral.rs', 'mistralrs serve -m Qwen/Qwen3-4B', '/', 'EricLBuehler/mistral.rs Dockerfile.cuda-all'],
  ['mistral.rs', './mistralrs-server --port 1234 plain -m x', '/', 'EricLBuehler/mistral.rs README.md of 2025'],
  [
    'ktransformers',
    'python ktransformers/server/main.py --model_path /m/DeepSeek-V3 --gguf_path /g --port 10002',
    '/a',
    'kvcache-ai/ktransformers doc/en/DeepseekR1_V3_tutorial.md',
  ],
  [
    'ktransformers',
    'python ./ktransformers/local_chat.py --model_path m --gguf_path g',
    '/a',
    'kvcache-ai/ktransformers doc/en/DeepseekR1_V3_tutorial.md',
  ],
  ['llama.cpp', './build/bin/llama-server -m model.gguf', '/a', 'ggml-org/llama.cpp tools/server/README.md'],
  [
    'llama.cpp',
    '/home/a/.lmstudio/extensions/backends/llama.cpp-linux-x86_64-nvidia-cuda-avx2-2.29.0/llama-server -m m.gguf',
    '/',
    'ggml-org/llama.cpp, started by hand from a folder of LM Studio',
  ],
  ['llama.cpp', '/usr/bin/llama-cli -m a.gguf', '/', 'ggml-org/llama.cpp README.md'],
  ['llama.cpp', 'llama serve -m my-model.gguf', '/', 'ggml-org/llama.cpp app/llama.cpp'],
  ['llama.cpp', 'python -m llama_cpp.server --model m.gguf', '/', 'abetlen/llama-cpp-python README.md'],
  ['sglang', 'python -m sglang.launch_server --model-path x/y', '/', 'sgl-project/sglang README.md'],
  ['sglang', 'sglang::scheduler_TP0', '/', 'sgl-project/sglang python/sglang/srt/managers/scheduler.py'],
  [
    'vllm-omni',
    '/v/bin/python /v/bin/vllm serve Qwen/Qwen2.5-Omni-7B --omni --port 8091',
    '/',
    'vllm-project/vllm-omni docs/cli/README.md',
  ],
  ['vllm-omni', 'vllm-omni serve Qwen/Qwen-Image', '/', 'vllm-project/vllm-omni pyproject.toml'],
  [
    'aphrodite',
    '/v/bin/python /v/bin/aphrodite run Qwen/Qwen3-0.6B',
    '/',
    'aphrodite-engine/aphrodite-engine pyproject.toml',
  ],
  [
    'aphrodite',
    'python -m aphrodite.endpoints.openai.api_server --model x/y',
    '/',
    'aphrodite-engine/aphrodite-engine README.md of 2024',
  ],
  ['vllm', 'vllm serve x/y', '/', 'vllm-project/vllm README.md'],
  ['vllm', '/v/bin/python3 /v/bin/vllm serve x/y --port 8001', '/', 'vllm-project/vllm pyproject.toml'],
  ['vllm', 'python -m vllm.entrypoints.openai.api_server --model x/y', '/', 'vllm-project/vllm docs'],
  ['vllm', 'VLLM::EngineCore', '/', 'vllm-project/vllm vllm/v1/engine/core.py'],
  ['training', 'torchrun --nproc_per_node 2 run.py', '/', 'pytorch/pytorch docs'],
  ['training', 'python train_dreambooth_lora.py', '/', 'huggingface/diffusers examples/dreambooth'],
  ['training', 'python sdxl_train.py', '/', 'kohya-ss/sd-scripts README.md'],
  ['training', 'python -m accelerate.commands.launch x.py', '/', 'huggingface/accelerate docs'],
  ['autoregressive-image', 'python generation_inference.py', '/a/Janus', 'deepseek-ai/Janus README.md'],
  ['autoregressive-image', 'python tools/run_infinity.py', '/a', 'FoundationVision/Infinity README.md'],
  ['autoregressive-image', 'python janus_generate.py --prompt cat', '/a', 'a script of one’s own'],
  ['diffusers', 'python my_diffusers_job.py', '/', 'a script of one’s own'],
  ['diffusers', 'python sdxl_batch.py', '/', 'a script of one’s own'],
  ['transformers', 'python llm_eval.py', '/', 'a script of one’s own'],
  ['reference', '/opt/slowburn/electron --burn=GPU-1', '/', 'Slowburn'],
];

/** What looks like a program and is none, or another. */
const lookAlikes: readonly (readonly [command: string, folder: Folder])[] = [
  ['/usr/lib/xorg/Xorg :0', '/'],
  ['/opt/blender/blender', '/'],
  ['/usr/bin/firefox', '/'],
  ['bash', '/home/a/ComfyUI'],
  ['python game.py', '/'],
  ['python infinity_scraper.py', '/'],
  ['python influx_export.py', '/'],
  ['python llm_scraper.py', '/'],
  ['python chat_monitor.py', '/'],
  ['python particles.py', '/'],
  ['python janus_backup.py', '/'],
  ['python vllm.py', '/'],
  ['python main.py', '/home/a/my-app'],
  ['python main.py', '/home/a/comfyui-prompt-saver'],
  ['python launch.py', '/home/a/rocket'],
  ['python run.py', '/home/a/my-toolkit'],
  ['python api_server.py', '/home/a'],
  ['python demo_gradio.py', '/home/a/other'],
  ['python server.py --port 7860', '/home/a/other'],
  ['python app.py --port 8188', '/home/a'],
  ['/usr/bin/sd before after file.txt', '/'],
  ['/usr/bin/llama --help', '/'],
  ['/usr/bin/accelerate config', '/'],
  ['/usr/bin/vim /home/a/ComfyUI/main.py', '/'],
  ['/usr/local/bin/ollama-exporter', '/'],
  ['/usr/bin/vllm-exporter', '/'],
  ['/home/a/.internal/utils/node x.js', '/'],
  ['node /srv/lm-studio-proxy/index.js', '/'],
];

describe('a process on the card', () => {
  it.each(known)('is %s: %s (in %s; %s)', (id, command, folder) => {
    expect(matchProcess(facts(command, folder === undefined ? {} : { folder }))?.id).toBe(id);
  });

  it.each(lookAlikes)('is no known program: %s in %s', (command, folder) => {
    expect(matchProcess(facts(command, folder === undefined ? {} : { folder }))).toBeUndefined();
  });

  it('has an example for each row', () => {
    expect(programTable.map(({ id }) => id).filter((id) => !known.some(([named]) => named === id))).toEqual([]);
  });

  it('has one row per program', () => {
    expect(new Set(programTable.map(({ id }) => id)).size).toBe(programTable.length);
  });

  it('applies the user’s own rules before any other, and asks the server that they name', () => {
    const rules = [{ contains: 'MyRender', name: 'My renderer', kind: 'diffusion' as const, adapter: 'vllm' as const }];
    expect(matchProcess(facts('vllm serve myrender'), rules)).toMatchObject({
      name: 'My renderer',
      evidence: 'rule',
      adapter: 'vllm',
    });
  });
});

describe('a process that says nothing itself', () => {
  it.each([
    ['0::/system.slice/ollama.service', 'ollama'],
    ['0::/system.slice/snap.ollama.ollama.service', 'ollama'],
    ['/usr/bin/conmon --api-version 1 -n comfyui-cuda -p x', 'comfyui'],
    ['/usr/bin/conmon --api-version 1 -n project-vllm-openai-1 -p x', 'vllm'],
    ['/usr/bin/conmon -n text-generation-inference', 'tgi'],
    ['0::/system.slice/lemond.service', 'lemonade'],
  ])('is recognised by its service or container: %s', (place, id) => {
    expect(matchProcess(facts('/app/serve', { place }))).toMatchObject({ id, evidence: 'place' });
  });

  it.each(['0::/system.slice/ollama-exporter.service', '0::/user.slice/comfyuiish.scope', '/usr/bin/conmon -n vllmx'])(
    'is not recognised by a name that only begins alike: %s',
    (place) => expect(matchProcess(facts('/app/serve', { place }))).toBeUndefined(),
  );

  it('is recognised by what started it', () => {
    const ancestors = [
      { pid: 20, command: ['bash'] },
      { pid: 10, command: ['vllm', 'serve', 'x/y'] },
    ];
    expect(matchProcess(facts('python -c worker', { ancestors }))).toMatchObject({ id: 'vllm', evidence: 'parent' });
  });
});

describe('a program that starts servers of others as its own', () => {
  const started = (leader: string, command: string, pid = 100): ProcessFacts => ({
    ...facts(command, { ancestors: [{ pid: 7, command: leader.split(' ') }] }),
    pid,
  });
  const blob = `/usr/share/ollama/.ollama/models/blobs/sha256-${'0c'.repeat(32)}`;
  const ollama = `/usr/lib/ollama/llama-server --model ${blob} --port 44067`;

  it.each([
    ['/usr/local/bin/ollama serve', ollama, 'ollama', 'llm'],
    ['llama-swap --config a.yaml', 'llama-server --port 5800 -m a.gguf', 'llama-swap', 'llm'],
    ['llama-swap --config a.yaml', 'whisper-server --port 5801 -m a.bin', 'llama-swap', 'other'],
    [
      './local-ai run',
      '/build/backends/cuda12-llama-cpp/lib/ld.so /build/llama-cpp-avx2 --addr 127.0.0.1:4',
      'local-ai',
      'llm',
    ],
    ['/usr/bin/lemond', '/a/bin/llamacpp/cuda/llama-server -m a.gguf --port 8001 --metrics', 'lemonade', 'llm'],
    ['/a/bin/unsloth studio -p 8888', '/a/llama.cpp/build/bin/llama-server -m a.gguf --port 8001', 'unsloth', 'llm'],
    ['/app/model-runner', '/app/llama-server --model a --host inference-runner-0.sock', 'docker-model-runner', 'llm'],
  ])('%s leads %s', (leader, command, id, kind) => {
    const one = started(leader, command);
    const match = matchProcess(one)!;
    expect(match).toMatchObject({ id, kind });
    expect(leaderOf(one, match, [])).toBe(7);
  });

  it('is asked itself, and so is each of its servers in its own language, on the port that it was given', () => {
    const one = started('/usr/local/bin/ollama serve', ollama);
    const servers = serversOf(matchProcess(one), { pid: 7, command: one.ancestors[0]!.command }, [one], () => ['q:8b']);
    expect(servers).toMatchObject([
      { pid: 7, adapter: 'ollama', usual: 11434 },
      { pid: 100, adapter: 'llama.cpp', named: 44067, models: ['q:8b'], model: '0c0c0c0c0c0c' },
    ]);
  });

  it('does not ask the workers of one server', () => {
    const leader = { pid: 7, command: 'vllm serve x/y --port 8001'.split(' ') };
    const workers = [facts('VLLM::Worker_TP0', { pid: 8 }), facts('VLLM::Worker_TP1', { pid: 9 })];
    const match = matchProcess(facts('vllm serve x/y --port 8001'));
    expect(serversOf(match, leader, workers, () => [])).toMatchObject([{ pid: 7, adapter: 'vllm', named: 8001 }]);
  });

  it.each([
    [ollama, 'llama.cpp'],
    ['vllm serve x --omni', 'vllm'],
    ['./x.llamafile --server', 'llama.cpp'],
    ['koboldcpp --model x', 'koboldcpp'],
  ])('%s speaks as %s', (command, adapter) => expect(spokenBy(command.split(' '))).toBe(adapter));
});

describe('the model', () => {
  it.each([
    ['vllm serve meta/llama-8b --port 1', 'meta/llama-8b'],
    ['/v/bin/python /v/bin/vllm serve meta/llama-8b', 'meta/llama-8b'],
    ['lmdeploy serve api_server internlm/POLAR-7B --server-port 1', 'internlm/POLAR-7B'],
    ['trtllm-serve nvidia/Qwen3-8B-FP8', 'nvidia/Qwen3-8B-FP8'],
    ['aphrodite run Qwen/Qwen3-0.6B', 'Qwen/Qwen3-0.6B'],
    ['llama-server -m /models/qwen.gguf', 'qwen.gguf'],
    ['llama serve -m my-model.gguf', 'my-model.gguf'],
    ['python -m vllm.entrypoints.openai.api_server --model=a/b', 'a/b'],
    ['python -m http.server', undefined],
    ['llama-server --model', undefined],
    ['llama-server --model --port', undefined],
  ])('of %s is %s', (command, model) => expect(modelFromCommand(command.split(' '))).toBe(model));

  it('keeps owner and name, and drops folders and long hashes', () => {
    expect(shortModel('C:\\models\\sdxl.safetensors')).toBe('sdxl.safetensors');
    expect(shortModel(`/var/blobs/sha256-${'ab'.repeat(32)}`)).toBe('abababababab');
  });
});

describe('a name', () => {
  it.each([
    ['koboldcpp-linux-x64-oldpc', 'koboldcpp'],
    ['ComfyUI_windows_portable_nvidia', 'comfyui'],
    ['Hunyuan3D-2.1', 'hunyuan3d'],
    ['webui_forge_cu121_torch231', 'webui-forge'],
    ['LM Studio.exe', 'lm-studio'],
    ['main', 'main'],
    ['main.py', 'main-py'],
  ])('%s is %s without its build and version', (name, plain) => expect(plainName(name)).toBe(plain));
});

describe('a command line that another program chose', () => {
  it('is matched by its first 4 kB: what stands after them names no program', () => {
    const padded = (length: number): string => `python -X ${'a'.repeat(length - 'python -X '.length)} ComfyUI/main.py`;
    expect(matchProcess(facts(padded(4000)))?.id).toBe('comfyui');
    expect(matchProcess(facts(padded(4096)))).toBeUndefined();
  });

  it('names no program by a text beyond 4 kB in its folder, its surroundings or what started it', () => {
    const far = `${'/x'.repeat(2048)}/ComfyUI`;
    const ancestors = [{ pid: 1, command: ['python', `${far}/main.py`] }];
    expect(matchProcess(facts('python main.py', { folder: far, place: far, ancestors }))).toBeUndefined();
  });
});
