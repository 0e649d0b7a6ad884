import { copyFrame, type Frame } from '../../metrics/frame.ts';
import { readingStates } from '../../core/reading.ts';
import type { Tick } from '../../telemetry/sampler.ts';

type Gpu = Tick['gpus'][number];

const UNREAD = readingStates.indexOf('unread');

/** Takes what a frame has read into an older one. */
function readInto(kept: Frame, frame: Frame): void {
  for (let i = 0; i < frame.states.length; i++) {
    if (frame.states[i] === UNREAD) continue;
    kept.values[i] = frame.values[i]!;
    kept.states[i] = frame.states[i]!;
    kept.reasons[i] = frame.reasons[i]!;
    kept.derived[i] = frame.derived[i]!;
    kept.via[i] = frame.via[i]!;
  }
}

/**
 * The newest tick as a client needs it that comes now: with the last reading of each metric that is read every few seconds
 * only, such as limits, and the last lists of processes and MIG instances.
 */
export function createNewestTick(): <T extends Pick<Tick, 'gpus'>>(tick: T) => T {
  let known = new Map<string, Gpu>();

  function gpuOf(gpu: Gpu): Gpu {
    const before = known.get(gpu.gpu.uuid);
    const frame = before?.frame ?? copyFrame(gpu.frame);
    if (before) readInto(frame, gpu.frame);
    const { processes = before?.processes, mig = before?.mig } = gpu;
    return { ...gpu, frame, ...(processes && { processes }), ...(mig && { mig }) };
  }

  return (tick) => {
    const gpus = tick.gpus.map(gpuOf);
    known = new Map(gpus.map((gpu) => [gpu.gpu.uuid, gpu]));
    return { ...tick, gpus };
  };
}
