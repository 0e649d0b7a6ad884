import { metrics } from '../metrics.ts';
import type { Frame } from '../reading.ts';

/**
 * Frames of several GPUs in one piece of memory that two threads can share. The reading thread states for each GPU
 * which tick it has begun and which it has completed, so that when one GPU hangs, those before it are not lost, and
 * a frame that is being overwritten while it is copied is noticed.
 */
export type FrameBlock = {
  readonly buffer: ArrayBufferLike;
  readonly frames: readonly Frame[];
  readonly begun: Int32Array;
  readonly done: Int32Array;
};

const M = metrics.length;
const BYTES_A_FRAME = M * (8 + 2 + 1 + 1 + 1);

/** the counters come first, padded so that the 8-byte values after them are aligned */
const firstFrameAt = (count: number): number => Math.ceil((2 * count * 4) / 8) * 8;

export const frameBlockSize = (count: number): number => firstFrameAt(count) + count * BYTES_A_FRAME;

/** Lays `count` frames over a buffer of `frameBlockSize(count)` bytes. */
export function layFrameBlock(buffer: ArrayBufferLike, count: number): FrameBlock {
  return {
    buffer,
    begun: new Int32Array(buffer, 0, count),
    done: new Int32Array(buffer, count * 4, count),
    frames: Array.from({ length: count }, (_, i) => frameAt(buffer, count, i)),
  };
}

function frameAt(buffer: ArrayBufferLike, count: number, i: number): Frame {
  const valuesAt = firstFrameAt(count);
  const reasonsAt = valuesAt + count * M * 8;
  const statesAt = reasonsAt + count * M * 2;
  const derivedAt = statesAt + count * M;
  const viaAt = derivedAt + count * M;
  return {
    values: new Float64Array(buffer, valuesAt + i * M * 8, M),
    reasons: new Uint16Array(buffer, reasonsAt + i * M * 2, M),
    states: new Uint8Array(buffer, statesAt + i * M, M),
    derived: new Uint8Array(buffer, derivedAt + i * M, M),
    via: new Uint8Array(buffer, viaAt + i * M, M),
  };
}

/**
 * The frames of a shared block, copied into memory of their own. Undefined where a GPU is not whole for `tick`: not
 * completed, or begun again while the copy was made.
 */
export function copyFrameBlock({ buffer, frames, begun, done }: FrameBlock, tick: number): (Frame | undefined)[] {
  const count = frames.length;
  const completed = frames.map((_, i) => Atomics.load(done, i) === tick);
  const memory = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(memory).set(new Uint8Array(buffer));
  return completed.map((whole, i) =>
    whole && Atomics.load(begun, i) === tick ? frameAt(memory, count, i) : undefined,
  );
}
