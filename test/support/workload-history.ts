import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import type { Workload, Outputs } from '../../app/workload/sessions/schema.ts';
import { frameWith, testGpu, tickWith } from './frames.ts';

type Told = {
  readonly name: string;
  readonly hoursAgo: number;
  readonly minutes: number;
  readonly powerW: number;
  readonly tempC: number;
  /** its process, which stays on the card for half an hour after it */
  readonly pid?: number;
  readonly workload: Omit<Workload, 'found'>;
};

const images = (count: number): Outputs => ({
  unit: 'image',
  count,
  countedBy: 'comfyui',
  speed: { value: 4.1, unit: 'it/s' },
});

const told: readonly Told[] = [
  ...[250, 300, 350, 400, 450].map((capW, i) => ({
    name: 'generate.py',
    hoursAgo: 20 - i,
    minutes: 10,
    powerW: capW - 8,
    tempC: 58 + 4 * i,
    workload: { kind: 'diffusion' as const, model: 'flux1-dev', capW, outputs: images([28, 41, 50, 53, 54][i]!) },
  })),
  {
    name: 'ComfyUI',
    hoursAgo: 8,
    minutes: 31,
    powerW: 430,
    tempC: 76,
    workload: {
      kind: 'diffusion',
      model: 'sd_xl_base_1.0.safetensors',
      program: 'ComfyUI',
      evidence: 'command',
      adapter: 'comfyui',
      outputs: images(210),
    },
  },
  {
    name: 'Janus',
    hoursAgo: 6,
    minutes: 24,
    powerW: 290,
    tempC: 66,
    workload: {
      kind: 'autoregressive-image',
      model: 'Janus-Pro-7B',
      outputs: { unit: 'image', count: 38, countedBy: 'glob' },
    },
  },
  {
    name: 'llama.cpp',
    hoursAgo: 3,
    minutes: 45,
    powerW: 240,
    tempC: 62,
    workload: {
      kind: 'llm',
      model: 'qwen2.5-7b-q4.gguf',
      program: 'llama.cpp',
      adapter: 'llama.cpp',
      outputs: {
        unit: 'token',
        count: 98_400,
        countedBy: 'llama.cpp',
        promptTokens: 12_000,
        speed: { value: 41.5, unit: 'tok/s' },
      },
    },
  },
  {
    name: 'Ollama',
    hoursAgo: 1,
    minutes: 12,
    powerW: 210,
    tempC: 60,
    pid: 4242,
    workload: {
      kind: 'llm',
      model: 'llama3.1:8b',
      program: 'Ollama',
      adapter: 'ollama',
      note: 'Ollama does not report token counts. Run `slowburn meter` in front of it to count them.',
    },
  },
];

/** Writes a history with sessions as a workbench leaves them, for pictures and tests of the page. */
export function writeWorkloadHistory(file: string, nowMs: number): void {
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store: Store = createStore(opened.value.db);
  const gpu = { ...testGpu(), name: 'Fixture Card' };
  let energyMj = 1e9;
  for (const { name, hoursAgo, minutes, powerW, tempC, pid, workload } of told) {
    const startedMs = nowMs - hoursAgo * 3_600_000;
    const id = store.sessions.begin(name, `python ${name}`, startedMs, 1);
    for (let s = -60; s < (minutes + (pid ? 30 : 0)) * 60; s += 5) {
      const idle = s < 0 || s >= minutes * 60;
      const drawnW = s < 0 ? 24 : idle ? 41 : powerW;
      energyMj += drawnW * 5000;
      const frame = frameWith({
        coreTempC: idle ? 36 : tempC,
        powerW: drawnW,
        energyMj,
        gpuUtilPct: idle ? 0 : 97,
        throttleReasons: idle ? 1 : 4,
      });
      const tick = tickWith(startedMs + s * 1000, s === -60 ? undefined : 5000, [frame]);
      const processes = pid === undefined || s < 0 ? [] : [{ pid, name: 'ollama' }];
      store.append({ ...tick, gpus: [{ gpu, frame, processes }] });
    }
    store.finishSession({ id, startedMs }, startedMs + minutes * 60_000, 0, new Set([pid ?? 0]), {
      workload: { found: workload.program ? 'detected' : 'by-hand', ...workload },
      gpuUuids: [gpu.uuid],
    });
  }
  store.close();
}

/** Adds a running session: its owner is this process, which is alive. */
export function writeRunningSession(file: string, gpuUuid: string, startedMs: number): void {
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value.db);
  const id = store.sessions.begin('ComfyUI', 'python main.py', startedMs, process.pid);
  store.sessions.note(id, [gpuUuid], {
    gpus: [],
    workload: { kind: 'diffusion', found: 'detected', model: 'flux1-dev', outputs: images(41) },
  });
  store.close();
}
