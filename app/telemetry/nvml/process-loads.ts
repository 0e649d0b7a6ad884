import type { Symbols } from './library.ts';
import { NVML_INSUFFICIENT_SIZE, NVML_NOT_FOUND, NVML_SUCCESS } from './return-codes.ts';

/** nvmlProcessUtilizationSample_t: pid at 0, time stamp in µs at 8, SM time in per cent at 16. */
const SAMPLE_SIZE = 32;
const FIRST_ROOM = 128;
const MOST_SAMPLES = 65_536; // a larger count was misread
/** The longest sample period: between 1/6 s and 1 s, depending on the product (nvml.h). */
export const SAMPLE_PERIOD_MS = 1000;

/** SM time of a process, 0–100; undefined: the driver does not report it. */
export type ProcessLoads = { readonly get: (pid: number) => number | undefined };

const unknown: ProcessLoads = { get: () => undefined };

/** The driver lists only processes with non-zero use, so a process that is absent used nothing. */
const absentIsZero = (samples: ReadonlyMap<number, number | undefined>): ProcessLoads => ({
  get: (pid) => (samples.has(pid) ? samples.get(pid) : 0),
});

/**
 * Reads the SM time of the processes on one GPU, from nvmlDeviceGetProcessUtilization. NOT_FOUND means that there is no
 * sample since the last call: the last answer is valid for one sample period. After that, no process used the GPU if the
 * GPU's own utilisation is 0; otherwise the loads are unknown, as they are after any other code.
 */
export function createProcessLoads(bind: Symbols['bind'], device: number, monoMs = (): number => performance.now()) {
  /** without this stamp the driver repeats old samples */
  let lastSeenUs = 0n;
  let last: { readonly atMs: number; readonly loads: ProcessLoads } | undefined;

  /** Undefined: all entries are old, so there is no new sample. */
  function parse(data: DataView, count: number): ProcessLoads | undefined {
    const samples = new Map<number, number | undefined>();
    let newestUs = lastSeenUs;
    for (let at = 0; at < count * SAMPLE_SIZE; at += SAMPLE_SIZE) {
      const stampUs = data.getBigUint64(at + 8, true);
      const smPct = data.getUint32(at + 16, true);
      if (stampUs <= lastSeenUs) continue; // drivers repeat entries, also of processes that have ended
      if (stampUs > newestUs) newestUs = stampUs;
      samples.set(data.getUint32(at, true), smPct <= 100 ? smPct : undefined);
    }
    if (samples.size === 0 && count > 0) return undefined;
    lastSeenUs = newestUs;
    return absentIsZero(samples);
  }

  /** The loads when there is no sample since the last call. */
  function withoutSample(): ProcessLoads {
    if (last && monoMs() - last.atMs < SAMPLE_PERIOD_MS) return last.loads;
    return isIdle() ? absentIsZero(new Map()) : unknown;
  }

  function isIdle(): boolean {
    const rates = new ArrayBuffer(8);
    const call = bind('nvmlDeviceGetUtilizationRates', ['device', 'out']);
    return call?.(device, rates) === NVML_SUCCESS && new DataView(rates).getUint32(0, true) === 0;
  }

  return (): ProcessLoads => {
    const call = bind('nvmlDeviceGetProcessUtilization', ['device', 'out', 'out', 'ulonglong']);
    if (!call) return unknown;
    const count = new DataView(new ArrayBuffer(4));
    let room = FIRST_ROOM;
    for (;;) {
      const samples = new ArrayBuffer(room * SAMPLE_SIZE);
      count.setUint32(0, room, true);
      const code = call(device, samples, count.buffer, lastSeenUs);
      const found = count.getUint32(0, true);
      if (code === NVML_SUCCESS) {
        const loads = parse(new DataView(samples), Math.min(room, found));
        if (!loads) return withoutSample();
        last = { atMs: monoMs(), loads };
        return loads;
      }
      if (code === NVML_INSUFFICIENT_SIZE && found > room && found <= MOST_SAMPLES) room = found;
      else return code === NVML_NOT_FOUND ? withoutSample() : unknown;
    }
  };
}
