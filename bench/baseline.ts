// node-nvidia-smi, the package that the first design named: what Slowburn is measured against.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { documentOf } from './documents.ts';
import { size } from './stats.ts';

const WARM_MS = size(15_000, 500);
const MEASURE_MS = size(10_000, 500);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU milliseconds of this process, all threads, for each unit that `count` counts. */
export async function cpuMsEach(measureMs: number, count: () => number): Promise<number> {
  const [cpu, before] = [process.cpuUsage(), count()];
  await sleep(measureMs);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1000 / (count() - before);
}

/** A folder with a stub in the driver's place, which prints the document of some GPUs. */
export function stubNvidiaSmi(gpus: number): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-smi-'));
  fs.writeFileSync(path.join(folder, 'document.xml'), documentOf(gpus).xml);
  fs.writeFileSync(path.join(folder, 'nvidia-smi'), `#!/bin/sh\nexec cat ${folder}/document.xml\n`, { mode: 0o755 });
  return folder;
}

/** node-nvidia-smi, one sample after the other; the stub's own time is not counted. */
export async function nodeNvidiaSmi(gpus: number): Promise<number> {
  const folder = stubNvidiaSmi(gpus);
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}:${before}`;
  const smi = createRequire(import.meta.url)('node-nvidia-smi') as (
    done: (error: unknown, data: unknown) => void,
  ) => void;
  let samples = 0;
  let going = true;
  const loop = (async () => {
    while (going) {
      await new Promise<void>((resolve, reject) =>
        smi((error, data) => (data ? resolve() : reject(new Error(String(error))))),
      );
      samples++;
    }
  })();
  await sleep(WARM_MS);
  const each = await cpuMsEach(MEASURE_MS, () => samples);
  going = false;
  await loop;
  process.env['PATH'] = before;
  fs.rmSync(folder, { recursive: true });
  return each;
}
