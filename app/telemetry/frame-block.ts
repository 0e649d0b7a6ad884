import { metrics } from '../metrics.ts';
import type { Frame } from '../reading.ts';

/**
 * Frames of several GPUs in memory that two threads share. The reading thread fills one frame after the other and
 * marks each as done for the current tick, so that when one GPU hangs, those before it are not lost.
 */
export type FrameBlock = {
  readonly buffer: SharedArrayBuffer;
  readonly frames: readonly Frame[];
  /** tick number for which each frame was last completed */
  readonly done: Int32Array;
};

const M = metrics.length;
const BYTES_A_FRAME = M * (8 + 2 + 1 + 1);

/** the counters come first, padded so that the 8-byte values after them are aligned */
const firstFrameAt = (count: number): number => Math.ceil((count * 4) / 8) * 8;

export const frameBlockSize = (count: number): number => firstFrameAt(count) + count * BYTES_A_FRAME;

/** Lays `count` frames over a buffer of `frameBlockSize(count)` bytes. */
export function createFrameBlock(buffer: SharedArrayBuffer, count: number): FrameBlock {
  const valuesAt = firstFrameAt(count);
  const reasonsAt = valuesAt + count * M * 8;
  const statesAt = reasonsAt + count * M * 2;
  const derivedAt = statesAt + count * M;
  return {
    buffer,
    done: new Int32Array(buffer, 0, count),
    frames: Array.from({ length: count }, (_, i) => ({
      values: new Float64Array(buffer, valuesAt + i * M * 8, M),
      reasons: new Uint16Array(buffer, reasonsAt + i * M * 2, M),
      states: new Uint8Array(buffer, statesAt + i * M, M),
      derived: new Uint8Array(buffer, derivedAt + i * M, M),
    })),
  };
}
