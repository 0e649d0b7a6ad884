import path from 'node:path';
import { expect } from 'vitest';
import type { ExportFormat } from '../../app/exchange/format.ts';
import { exportHistory } from '../../app/exchange/export.node.ts';
import type { Store } from '../../app/recorder/store.ts';
import { metrics } from '../../app/metrics/metrics.ts';
import { createFrame, setAbsent, setValue } from '../../app/metrics/frame.ts';
import { readingStates } from '../../app/core/reading.ts';
import { temporaryFolder } from './folders.ts';
import { frameWith, testGpu, tickWith } from './frames.ts';
import { openStore } from './store.ts';

export const START = Date.UTC(2026, 2, 1, 9, 40);
export const ALL = { fromMs: -8.64e15, toMs: 8.64e15 } as const;
export const control = { progress: () => undefined, cancelled: () => false };

/** Two cards, an hour's end, a clock that is set back onto stamps that were there, every state, derived values. */
export function fill(store: Store, n = 1500): void {
  for (let i = 0; i < n; i++) {
    const frames = [0, 1].map((gpu) => {
      const frame = createFrame();
      metrics.forEach(({ key, range, scale }, m) => {
        const state = readingStates[(i * 7 + m * 3 + gpu) % readingStates.length]!;
        if ((i + m) % 3 !== 0)
          setValue(frame, key, Math.min(range[1], ((i * 7919 + m * 104_729) % 90_000) / scale), i % 11 === 0);
        else if (state !== 'value' && state !== 'unread') setAbsent(frame, key, state, (i * m) % 1000);
      });
      return frame;
    });
    const tsMs = START + (i < 1000 ? i : i - 300) * 2000;
    const tick = tickWith(tsMs, i === 0 || i === 1000 ? undefined : i % 13 === 0 ? 2000.25 : 2000, frames);
    store.append({
      ...tick,
      gpus: tick.gpus.map(({ frame }, g) => ({
        frame,
        gpu: { ...testGpu(g), name: g ? '=HYPERLINK("x","y"), GPU' : 'Plain' },
      })),
    });
  }
}

export const damagedOne = {
  ok: false,
  error: { code: 'recording-unreadable', message: expect.stringMatching(/is damaged: .* Nothing was imported\./) },
};

/** Twelve samples of one card, exported. */
export function fewSamples(format: ExportFormat) {
  const { store } = openStore();
  for (let i = 0; i < 12; i++)
    store.append(tickWith(START + i * 1000, 1000, [frameWith({ coreTempC: 50 + i, powerW: 100 })]));
  const target = path.join(temporaryFolder(), `out.${format}`);
  const request = { format, target, ...ALL, metrics: ['coreTempC', 'powerW'], gpuUuids: [] } as const;
  exportHistory(store, request, control);
  return { store, request };
}
