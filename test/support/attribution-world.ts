import type { Gap, Tick } from '../../app/telemetry/sampler.ts';
import { createAttribution, type Owner, type Users } from '../../app/workload/energy/attribution.ts';
import type { Process, Program } from '../../app/workload/programs/programs.ts';
import { frameWith, testGpu } from './frames.ts';

export const GPU = { uuid: testGpu().uuid, gpuId: 1 };
export const OTHER = { uuid: testGpu(1).uuid, gpuId: 2 };

export const program = (key: string, ...pids: readonly number[]): Program => ({
  key,
  match: undefined,
  name: key,
  pids,
  gpuUuids: [GPU.uuid],
  loads: true,
});
export const process = (pid: number, smPct?: number): Process => ({
  pid,
  name: '',
  type: 'compute',
  ...(smPct !== undefined && { smPct }),
});

export type World = {
  processes?: readonly Process[];
  manual?: readonly number[];
  detected?: readonly string[];
  starters?: Readonly<Record<number, number>>;
  pids?: readonly number[];
};

type Step = {
  readonly listed?: boolean;
  readonly dtMs?: number | undefined;
  readonly stepMs?: number;
  readonly gap?: Gap;
  readonly gpus?: readonly (typeof GPU)[];
};

/** An attribution in a world that the test changes, fed a tick per second. */
export function attribute(world: World) {
  const users: Users = {
    processesOf: (uuid) => (uuid === GPU.uuid ? (world.processes ?? []) : []),
    starterOf: (pid) => world.starters?.[pid],
    works: ({ loads }) => loads,
    manual: () => world.manual ?? [],
    detected: () => world.detected ?? [],
    pids: () => world.pids ?? (world.processes ?? []).map(({ pid }) => pid),
  };
  const attribution = createAttribution(users);
  let tsMs = 0;
  return {
    ...attribution,
    /** Feeds a tick. @param gap the time before it was not recorded */
    tick(programs: readonly Program[], given: Step = {}) {
      const { listed, dtMs, stepMs, gap, gpus } = {
        listed: true,
        dtMs: 1000,
        stepMs: 1000,
        gap: undefined,
        gpus: [GPU],
        ...given,
      };
      tsMs += stepMs;
      const frame = frameWith({});
      const tick = {
        seq: 1,
        tsMs,
        dtMs,
        gpus: [{ gpu: testGpu(), frame }],
        readMs: 0,
        ...(gap && { gap }),
      } as unknown as Tick;
      attribution.note(tick, gpus, listed, programs);
    },
    /** The spans of all owners that are kept, by owner. */
    spans(): Record<string, [number, number, number | undefined][]> {
      const names = new Map<number, Owner>();
      let next = 100;
      const ids = new Map<Owner, number>();
      const rows = attribution.take((owner) => {
        if (!ids.has(owner)) {
          ids.set(owner, ++next);
          names.set(next, owner);
        }
        return ids.get(owner);
      });
      const found: Record<string, [number, number, number | undefined][]> = {};
      for (const { sessionId, span } of rows)
        (found[String(names.get(sessionId))] ??= []).push([span.fromMs, span.toMs, span.share]);
      return found;
    },
  };
}
