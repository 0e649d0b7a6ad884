import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { readLines } from '../../core/read-input.node.ts';
import { text } from '../../core/i18n.ts';
import { err, ok } from '../../core/result.ts';
import { textOf } from '../logs/encoding.node.ts';
import { OLDEST_MS } from '../logs/stamps.ts';
import { SIMULATED, type OpenedSource, type SourceSample } from '../source.ts';
import { readRecording } from './recording.ts';

export type ReplayOptions = { readonly clock: Clock; readonly file: string; readonly speed: number };

const HOLD_MS = 1000;

/**
 * Plays a recording at `speed` times its original pace, with its original time stamps. A recording of a single moment
 * repeats its readings once a second. Any other ends after its last sample.
 */
export async function openReplay({ clock, file, speed }: ReplayOptions): Promise<OpenedSource> {
  const read = readLines(file);
  if (!read.ok) return err('recording-unreadable', read.error.message, read.error.next);
  const recording = readRecording(textOf(read.value), path.basename(file));
  if (!recording.ok) return recording;
  const { samples, driverVersion, names } = recording.value;
  const recordedMs = samples[0]!.tsMs;
  // a recording without times, or with times since its start, plays from now on
  const firstMs = recordedMs < OLDEST_MS ? clock.wallMs() : recordedMs;
  const stillImage = samples.length === 1;
  const startedMono = clock.monoMs();
  const abort = new AbortController();
  let position = 0;

  async function next(): Promise<SourceSample> {
    const recorded = samples[Math.min(position, samples.length - 1)]!;
    const ended = !stillImage && position >= samples.length;
    const offsetMs = stillImage ? position * HOLD_MS : recorded.tsMs - recordedMs;
    position++;
    if (!ended) await clock.sleep(startedMono + offsetMs / speed - clock.monoMs(), abort.signal);
    return {
      gpus: ended ? [] : recorded.gpus,
      tsMs: firstMs + offsetMs,
      monoMs: offsetMs,
      tookMs: 0,
      ...(ended
        ? {
            ended,
            fault: {
              code: 'replay-ended',
              level: 'warn' as const,
              message: text('telemetry.replay.ended'),
            },
          }
        : {}),
    };
  }

  return ok({
    info: () => ({
      kind: 'replay',
      label: text('telemetry.source.recording', { file: path.basename(file) }),
      simulated: samples.some(({ gpus }) => gpus.some(({ gpu }) => gpu.uuid.startsWith(SIMULATED))),
      driverVersion,
      ...(names ? { names } : {}),
    }),
    read: next,
    configure: () => undefined,
    async close() {
      abort.abort();
    },
  });
}
