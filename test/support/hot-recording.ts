import fs from 'node:fs';
import path from 'node:path';
import { recordingHeader, recordingLine } from '../../app/telemetry/replay/recording.ts';
import { frameWith, testGpu } from './frames.ts';

const LIMITS = { tempMaxC: 88, tempSlowdownC: 93, tempShutdownC: 98, tempTargetC: 83, powerLimitW: 350 } as const;

/** Writes a recording of a card that gets hotter than it should and cools down again: an alert fires and clears. */
export function writeHotRecording(folder: string): string {
  const file = path.join(folder, 'hot.jsonl');
  const gpu = { ...testGpu(), name: 'Hot card' };
  const temps = [
    ...Array.from({ length: 30 }, (_, i) => 60 + i),
    ...Array.from({ length: 90 }, () => 95),
    ...Array.from({ length: 90 }, () => 70),
  ];
  const start = Date.UTC(2026, 2, 1, 12);
  const lines = temps.map((coreTempC, i) =>
    recordingLine({
      tsMs: start + i * 1000,
      gpus: [
        {
          gpu,
          frame: frameWith({
            coreTempC,
            powerW: 300,
            gpuUtilPct: 99,
            throttleReasons: coreTempC > 88 ? 0x20 : 0,
            ...LIMITS,
          }),
        },
      ],
    }),
  );
  fs.writeFileSync(file, [recordingHeader([gpu], '575.57.08'), ...lines].join('\n'));
  return file;
}
