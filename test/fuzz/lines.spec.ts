import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { metricsOption } from '../../cli/commands/export.ts';
import {
  addressOption,
  intervalOption,
  limitsOption,
  momentOption,
  portOption,
  secondsOption,
  sourceOption,
  speedOption,
  utcOffsetOption,
  wattsOption,
} from '../../cli/options.ts';
import { patternOption } from '../../cli/output-options.ts';
import { parseKernelXid } from '../../app/telemetry/xid/kernel-log.ts';
import { splitCommandLine } from '../../app/workload/programs/command-line.ts';
import { programTable } from '../../app/workload/programs/program-table.ts';
import { matchProcess, modelFromCommand } from '../../app/workload/programs/match.ts';
import { damagedText, fuzz } from '../support/fuzz.ts';

const KERNEL =
  '4,1234,5678901234,-;NVRM: Xid (PCI:0000:9b:00): 79, pid=4242, name=python3, GPU has fallen off the bus.';

describe('a damaged line', () => {
  fuzz('of the kernel is no Xid, or one of a slot, a code and a time', () => [
    damagedText(KERNEL),
    (line) => {
      const xid = parseKernelXid(line);
      if (!xid) return;
      expect(xid.slot).toMatch(/^[0-9A-F]{8}:[0-9A-F]{2}:[0-9A-F]{2}$/);
      expect(Number.isInteger(xid.code) && xid.code >= 0 && xid.code <= 9999).toBe(true);
      expect(xid.uptimeUs).toBeGreaterThanOrEqual(0);
    },
  ]);

  fuzz('of a command names a known program, or none', () => {
    const commands = [
      '/usr/bin/python3 /home/me/ComfyUI/main.py --listen 127.0.0.1 --port 8188',
      'python -m vllm.entrypoints.openai.api_server --model meta-llama/Llama-3-8B --port 8000',
      '"C:\\Program Files\\Ollama\\ollama.exe" serve --model "a \\"b\\" c.gguf"',
      '/opt/llama.cpp/llama-server -m /models/mistral-7b.Q4_K_M.gguf -c 4096',
    ];
    const ids = new Set(programTable.map(({ id }) => id));
    return [
      fc.tuple(fc.oneof(...commands.map(damagedText)), fc.option(damagedText('/home/me/stable-diffusion-webui'))),
      ([line, folder]) => {
        const parts = splitCommandLine(line);
        for (const command of [parts, line.split('\0'), line.split(' ')]) {
          const match = matchProcess({
            pid: 1,
            startedAt: '1',
            command,
            ancestors: [{ pid: 2, command }],
            ...(folder !== null && { folder }),
          });
          if (match) expect(ids).toContain(match.id);
          expect((modelFromCommand(command) ?? '').length).toBeLessThanOrEqual(120);
        }
        // what is split holds no text that the line does not
        expect(parts.join('').length).toBeLessThanOrEqual(line.length);
      },
    ];
  });

  const options: Readonly<Record<string, readonly [example: string, read: (text: string) => unknown]>> = {
    '--from': ['2026-03-01T18:00', momentOption],
    '--metrics': ['coreTempC,powerW', metricsOption],
    '--utc-offset': ['+02:00', utcOffsetOption],
    '--to': ['http://localhost:8080/v1', addressOption],
    '--power': ['200:400:50', limitsOption],
    '--interval': ['0.5', intervalOption],
    '--lines': ['^Image (\\d+) of', patternOption],
    '--port': ['8188', portOption],
    '--for': ['60', secondsOption],
    '--source': ['simulator:8', sourceOption],
    '--speed': ['10', speedOption],
    '--power-limit': ['350', wattsOption],
  };
  for (const [name, [example, read]] of Object.entries(options))
    fuzz(`with ${name} is refused in a sentence, or gives numbers that are some`, () => [
      fc.oneof(damagedText(example), fc.string({ unit: 'binary' })),
      (text) => {
        try {
          const value = read(text);
          for (const number of [value].flat())
            if (typeof number === 'number') expect(Number.isFinite(number)).toBe(true);
        } catch (thrown) {
          if (!(thrown instanceof InvalidArgumentError)) throw thrown;
          expect(thrown.message).toMatch(/\./);
        }
      },
    ]);
});
