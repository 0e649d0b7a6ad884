import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortCommand, shortProcessName } from '../../app/core/short-command.ts';

describe('of a command line', () => {
  it.each([
    ['/home/ana/venv/bin/python main.py --listen --port 8188', 'python main.py --listen --port 8188'],
    ['python train.py --lr 1e4 --model stabilityai/sdxl', 'python train.py --lr … --model stabilityai/sdxl'],
    ['vllm serve meta-llama/Llama-3 --dtype bf16', 'vllm serve … --dtype bf16'],
    ['llama-server -m /models/qwen2.gguf -ngl 99', 'llama-server -m qwen2.gguf -ngl 99'],
    ['python -m sglang.launch_server --model-path x/y', 'python -m sglang.launch_server --model-path x/y'],
    ['python infer.py --prompt a quiet harbour at night', 'python infer.py --prompt …'],
    ['HF_TOKEN=hf_abcdefgh python x.py', 'HF_TOKEN=… python x.py'],
    ['', ''],
  ])('%s, this is kept: %s', (line, short) => expect(shortCommand(line)).toBe(short));

  const secret = 'sk-abcdef0123456789';
  it.each([
    `python a.py --api-key=${secret}`,
    `python a.py --api-key ${secret}`,
    `python a.py --x ${secret}`,
    `python a.py ${secret}`,
    `python a.py --model ${secret}`,
    `python a.py --model https://ana:${secret}@host/m.gguf`,
    `python a.py -p${secret}`,
    `python -m ${secret}`,
    `HF_TOKEN=${secret} python a.py`,
    `env OPENAI_API_KEY=${secret} python a.py`,
    `curl -H Authorization: Bearer ${secret}`,
    `tool --url http://ana:${secret}@host/`,
    `tool ${secret}.py`,
    secret,
    `tool --password hunter2 --token 123456 --db-pass ${secret}`,
  ])('a secret is never kept: %s', (line) => {
    expect(shortCommand(line)).not.toMatch(/abcdef|0123456789|hunter2|123456/);
  });

  it.each(['hf_', 'ghp_', 'github_pat_', 'glpat-', 'xoxb-', 'AKIA', 'AIza', 'eyJ'])(
    'a value that begins as keys do is never kept: %s',
    (begins) => {
      const key = `${begins}1234abcd`;
      for (const line of [`a --model ${key}`, `a -m ${key}`, `a ${key}`, `${key} a`, `a --model x/../${key}`])
        expect(shortCommand(line)).not.toContain('1234abcd');
    },
  );

  it('no free text is kept, whatever stands before it', () => {
    const option = fc.constantFrom('--prompt', '--note', '-p', '--password', '--out', '');
    fc.assert(
      fc.property(option, fc.stringMatching(/^[a-z]{9,20}$/), (before, word) => {
        expect(shortCommand(`python run.py ${before} ${word} ${word}`)).not.toContain(word);
      }),
    );
  });

  it('at most 200 characters are kept, and shortened again it is the same', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('--model', '-m', '--steps', '30', 'x.py', 'A=b', 'serve', '…'));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const short = shortCommand(parts.join(' '));
        expect(short.length).toBeLessThanOrEqual(200);
        expect(shortCommand(short)).toBe(short);
      }),
    );
  });
});

describe('the name of a process', () => {
  it.each([
    ['C:\\Program Files\\App\\app.exe --token hf_abc', 'C:\\Program Files\\App\\app.exe'],
    ['python3', 'python3'],
  ])('%s is kept without arguments', (name, kept) => expect(shortProcessName(name)).toBe(kept));
});
