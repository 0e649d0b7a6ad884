import { metrics } from '../metrics/metrics.ts';
import type { Frame } from '../metrics/frame.ts';

/**
 * Frames of several GPUs in memory that two threads share. The reading thread records for each GPU which tick it has begun
 * and which it has completed. So the frames before a hanging GPU are not lost, and a frame that is overwritten while it is
 * copied is detected.
 */
export type FrameBlock = {
  readonly bytes: Uint8Array;
  readonly frames: readonly Frame[];
  readonly begun: Int32Array;
  readonly done: Int32Array;
};

/** The blocks of the newest ticks: a tick is written into the block of the oldest. */
export type FrameRing = readonly FrameBlock[];

/** Ticks kept for a busy collector: three seconds at ten ticks per second. */
export const RING_TICKS = 32;

const M = metrics.length;
const BYTES_A_FRAME = M * (8 + 2 + 1 + 1 + 1);
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** the counters come first, padded so that the 8-byte values after them are aligned */
const firstFrameAt = (count: number): number => aligned(2 * count * 4);
const blockSize = (count: number): number => aligned(firstFrameAt(count) + count * BYTES_A_FRAME);

export const frameRingSize = (count: number): number => RING_TICKS * blockSize(count);

/** Lays a ring for `count` GPUs over a buffer of `frameRingSize(count)` bytes. */
export const layFrameRing = (buffer: ArrayBufferLike, count: number): FrameRing =>
  Array.from({ length: RING_TICKS }, (_, i) => layBlock(buffer, i * blockSize(count), count));

/** The block that a tick is written into. */
export const blockOf = (ring: FrameRing, tick: number): FrameBlock => ring[tick % RING_TICKS]!;

function layBlock(buffer: ArrayBufferLike, at: number, count: number): FrameBlock {
  return {
    bytes: new Uint8Array(buffer, at, blockSize(count)),
    begun: new Int32Array(buffer, at, count),
    done: new Int32Array(buffer, at + count * 4, count),
    frames: Array.from({ length: count }, (_, i) => frameAt(buffer, at, count, i)),
  };
}

function frameAt(buffer: ArrayBufferLike, at: number, count: number, i: number): Frame {
  const valuesAt = at + firstFrameAt(count);
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
 * Copies the frames of a tick. A frame is undefined if the GPU has not completed `tick`, or has begun another one while
 * the copy was made.
 */
export function copyFrames(ring: FrameRing, tick: number): (Frame | undefined)[] {
  const { bytes, frames, begun, done } = blockOf(ring, tick);
  const count = frames.length;
  const completed = frames.map((_, i) => Atomics.load(done, i) === tick);
  const memory = bytes.slice();
  return completed.map((whole, i) =>
    whole && Atomics.load(begun, i) === tick ? frameAt(memory.buffer, 0, count, i) : undefined,
  );
}
