import { describe, expect, it } from 'vitest';
import { programTable } from '../../app/workload/programs/program-table.ts';
import { shortModel } from '../../app/workload/programs/model-name.ts';
import { matchProcess, modelFromCommand, type ProcessFacts } from '../../app/workload/programs/match.ts';

const facts = (command: string, more: Partial<ProcessFacts> = {}): ProcessFacts => ({
  pid: 100,
  startedAt: '1',
  command: command.split(' '),
  ancestors: [],
  ...more,
});

describe('a process on the card', () => {
  it.each([
    ['/home/a/ComfyUI/venv/bin/python main.py --listen', { folder: '/home/a/ComfyUI' }, 'comfyui'],
    ['python /opt/comfyui/main.py', {}, 'comfyui'],
    ['python3 launch.py --api', { folder: '/srv/stable-diffusion-webui' }, 'sd-webui'],
    ['python launch.py', { folder: 'C:\\ai\\stable-diffusion-webui-forge' }, 'forge'],
    ['/venv/bin/python /venv/bin/invokeai-web', {}, 'invokeai'],
    ['python entry_with_update.py', { folder: '/home/a/Fooocus' }, 'fooocus'],
    ['/usr/local/bin/ollama runner --model /usr/share/ollama/blobs/sha256-1 --port 33333', {}, 'ollama'],
    ['/opt/LM Studio/lm-studio', {}, 'lm-studio'],
    ['text-generation-launcher --model-id x/y', {}, 'tgi'],
    ['python server.py', { folder: '/home/a/text-generation-webui' }, 'text-generation-webui'],
    ['./build/bin/llama-server -m model.gguf', {}, 'llama.cpp'],
    ['/usr/bin/llama-cli -m a.gguf', {}, 'llama.cpp'],
    ['python -m sglang.launch_server --model-path x/y', {}, 'sglang'],
    ['sglang::scheduler', {}, 'sglang'],
    ['vllm serve x/y', {}, 'vllm'],
    ['python -m vllm.entrypoints.openai.api_server --model x/y', {}, 'vllm'],
    ['VLLM::EngineCore', {}, 'vllm'],
    ['torchrun --nproc_per_node 2 run.py', {}, 'training'],
    ['python train_dreambooth_lora.py', {}, 'training'],
    ['python -m accelerate.commands.launch x.py', {}, 'training'],
    ['python janus_generate.py --prompt cat', {}, 'autoregressive-image'],
    ['python my_diffusers_job.py', {}, 'diffusers'],
    ['python sdxl_batch.py', {}, 'diffusers'],
    ['python llm_eval.py', {}, 'transformers'],
  ] as const)('%s is recognised', (command, more, id) => {
    expect(matchProcess(facts(command, more))?.id).toBe(id);
  });

  it.each(['/usr/lib/xorg/Xorg :0', '/opt/blender/blender', 'python game.py', 'bash', '/usr/bin/firefox'])(
    '%s is not a workload',
    (command) => expect(matchProcess(facts(command))).toBeUndefined(),
  );

  it('is recognised by its service or container', () => {
    const match = matchProcess(facts('/app/serve', { place: '0::/system.slice/ollama.service' }));
    expect(match).toMatchObject({ id: 'ollama', evidence: 'place' });
  });

  it('is recognised by what started it', () => {
    const ancestors = [
      { pid: 20, command: ['bash'] },
      { pid: 10, command: ['vllm', 'serve', 'x/y'] },
    ];
    expect(matchProcess(facts('python -c worker', { ancestors }))).toMatchObject({ id: 'vllm', evidence: 'parent' });
  });

  it('is recognised by its port only where nothing else is known, and only as a script', () => {
    expect(matchProcess(facts('/usr/bin/python3 app.py', { ports: [8188] }))).toMatchObject({
      id: 'comfyui',
      evidence: 'port',
    });
    expect(matchProcess(facts('/usr/sbin/nginx', { ports: [8188] }))).toBeUndefined();
  });

  it('applies the user’s own rules before any other', () => {
    const rules = [{ contains: 'MyRender', name: 'My renderer', kind: 'diffusion' as const }];
    expect(matchProcess(facts('vllm serve myrender'), rules)).toMatchObject({ name: 'My renderer', evidence: 'rule' });
  });

  it('has one row per program', () => {
    expect(new Set(programTable.map(({ id }) => id)).size).toBe(programTable.length);
  });
});

describe('the model', () => {
  it.each([
    ['vllm serve meta/llama-8b --port 1', 'meta/llama-8b'],
    ['llama-server -m /models/qwen.gguf', 'qwen.gguf'],
    ['python -m vllm.entrypoints.openai.api_server --model=a/b', 'a/b'],
    ['python -m http.server', undefined],
    ['llama-server --model', undefined],
  ])('of %s is %s', (command, model) => expect(modelFromCommand(command.split(' '))).toBe(model));

  it('keeps owner and name, and drops folders and long hashes', () => {
    expect(shortModel('C:\\models\\sdxl.safetensors')).toBe('sdxl.safetensors');
    expect(shortModel(`/var/blobs/sha256-${'ab'.repeat(32)}`)).toBe('abababababab');
  });
});

describe('a command line that another program chose', () => {
  it('is matched by its first 4 kB: what stands after them names no program', () => {
    const padded = (length: number): string => `python x ${'a'.repeat(length - 'python x '.length)} ComfyUI`;
    expect(matchProcess(facts(padded(4000)))?.id).toBe('comfyui');
    expect(matchProcess(facts(padded(4096)))).toBeUndefined();
  });

  it('names no program by a text beyond 4 kB in its folder, its surroundings or what started it', () => {
    const far = `${'/x'.repeat(2048)}/ComfyUI`;
    const ancestors = [{ pid: 1, command: ['sh', far] }];
    expect(matchProcess(facts('app', { folder: far, place: far, ancestors }))).toBeUndefined();
  });
});
