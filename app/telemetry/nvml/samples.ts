import { text } from '../../core/i18n.ts';
import { absentFrame, type Frame } from '../../metrics/frame.ts';
import type { GpuEvent, GpuIdentity, GpuSample, SourceFault, SourceSample } from '../source.ts';
import { isCard, type Card } from './cards.ts';
import { normalBusId } from './device.ts';
import { hangFault, libraryFault, slowFault, stallFault, threadFault, unopenedFault } from './faults.ts';
import type { LeftAlone, NvmlTick, WorkerEvent } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_GPU_IS_LOST, NVML_SUCCESS, returnCode } from './return-codes.ts';

/** What one thread contributes to a sample. */
export type Part = {
  /** the cards it reads; undefined: all that the driver lists */
  readonly cards: readonly Card[] | undefined;
  /** the card whose call hangs */
  readonly stuck: Card | undefined;
  /** the GPUs as it opened them last */
  readonly gpus: readonly ReaderGpu[];
  readonly leftAlone: readonly LeftAlone[];
  readonly tick: (NvmlTick & Frames) | undefined;
  /** what it had read before it began to hang */
  readonly hung: Frames | undefined;
  readonly silentMs: number;
  /** why it ended, if it ended without `close` */
  readonly dead: string | undefined;
};

type Frames = { readonly gpus: readonly ReaderGpu[]; readonly frames: readonly (Frame | undefined)[] };

export type Samples = {
  /** Learns the identities of GPUs. A GPU that was asleep until now was known by its slot. */
  readonly learn: (gpus: readonly ReaderGpu[]) => void;
  readonly known: () => number;
  /** Keeps events for the next sample. */
  readonly keep: (events: readonly WorkerEvent[]) => void;
  /** @param now the time of the sample if no thread has a tick */
  readonly make: (
    parts: readonly Part[],
    now: { readonly tsMs: number; readonly monoMs: number },
    intervalMs: number,
  ) => SourceSample;
};

const MOST_REMEMBERED = 256;
/** A new thread reports the kernel's old events again, with stamps that differ by corrections of the clock. */
const SAME_EVENT_MS = 2_000;

const slotName = (busId: string): string => `PCI-${normalBusId(busId)}`;
const owns = ({ cards }: Part, gpu: GpuIdentity): boolean =>
  cards === undefined || cards.some((card) => isCard(card, gpu));

/** Positions of GPUs by UUID, cached because lists rarely change. */
const positionsOf = new WeakMap<readonly ReaderGpu[], ReadonlyMap<string, number>>();
function positionIn(gpus: readonly ReaderGpu[], uuid: string): number | undefined {
  let positions = positionsOf.get(gpus);
  if (!positions) {
    positions = new Map(gpus.map(({ identity }, position) => [identity.uuid, position]));
    positionsOf.set(gpus, positions);
  }
  return positions.get(uuid);
}

const readBefore = (parts: readonly Part[], { uuid }: GpuIdentity): Frame | undefined => {
  for (const { hung } of parts) {
    const frame = hung?.frames[positionIn(hung.gpus, uuid) ?? -1];
    if (frame) return frame;
  }
  return undefined;
};

/** The frame of a GPU that is not among the opened ones: absent, with the reason. */
function missingFrame(gpus: readonly ReaderGpu[], { index, pciBusId }: GpuIdentity): Frame {
  const unopened = gpus.find(({ identity, openCode }) =>
    openCode !== NVML_SUCCESS && identity.pciBusId
      ? normalBusId(identity.pciBusId) === normalBusId(pciBusId)
      : openCode !== NVML_SUCCESS && identity.index === index,
  );
  const why = unopened?.openCode ?? NVML_GPU_IS_LOST;
  return absentFrame(returnCode(why).means, why);
}

/** The sample of a GPU, from the thread that reads it. */
function sampleOf(parts: readonly Part[], gpu: GpuIdentity): GpuSample {
  const none = (): GpuSample => ({ gpu, frame: readBefore(parts, gpu) ?? absentFrame('stalled') });
  if (parts.some(({ stuck }) => stuck !== undefined && isCard(stuck, gpu))) return none();
  const part = parts.find((one) => one.stuck === undefined && owns(one, gpu));
  if (!part) return none();
  const { tick, leftAlone, gpus } = part;
  if (leftAlone.length > 0) {
    const slot = normalBusId(gpu.pciBusId);
    if (leftAlone.some(({ busId }) => busId === slot)) return { gpu, frame: absentFrame('asleep') };
  }
  if (!tick) return none();
  if (tick.code !== NVML_SUCCESS) return { gpu, frame: absentFrame('lost', tick.code) };
  const position = positionIn(tick.gpus, gpu.uuid);
  if (position === undefined) return { gpu, frame: missingFrame(gpus, gpu) };
  const frame = tick.frames[position] ?? absentFrame('stalled');
  return { gpu, frame, processes: tick.processes?.[position], mig: tick.mig?.[position] };
}

/** Makes samples from the ticks of threads. Remembers every GPU that was ever seen. */
export function createSamples(): Samples {
  const known = new Map<string, GpuIdentity>(); // by UUID
  let learnt: readonly ReaderGpu[] = [];
  let kept: readonly WorkerEvent[] = []; // from ticks that were not used
  let reported: readonly WorkerEvent[] = []; // by the kernel, so far

  function learn(gpus: readonly ReaderGpu[]): void {
    if (gpus === learnt) return;
    learnt = gpus;
    for (const { identity, openCode } of gpus) {
      if (openCode !== NVML_SUCCESS) continue;
      known.delete(slotName(identity.pciBusId));
      known.set(identity.uuid, identity);
    }
  }

  /** A sleeping GPU that was never read is known by its slot until it wakes. */
  function learnAsleep(busId: string): void {
    const met = [...known.values()].some(({ pciBusId }) => normalBusId(pciBusId) === busId);
    if (!met)
      known.set(slotName(busId), { uuid: slotName(busId), index: known.size, name: 'NVIDIA GPU', pciBusId: busId });
  }

  const isReported = (event: WorkerEvent): boolean =>
    reported.some(
      ({ slot, code, text, tsMs }) =>
        slot === event.slot &&
        code === event.code &&
        text === event.text &&
        Math.abs(tsMs - event.tsMs) < SAME_EVENT_MS,
    );

  function eventsOf(events: readonly WorkerEvent[]): GpuEvent[] {
    return events.flatMap((event): GpuEvent[] => {
      const { uuid, slot, code, text, tsMs } = event;
      if (uuid === undefined) {
        if (isReported(event)) return [];
        reported = [...reported.slice(1 - MOST_REMEMBERED), event];
      }
      const gpu =
        uuid === undefined
          ? [...known.values()].find(({ pciBusId }) => normalBusId(pciBusId).startsWith(`${slot}.`))
          : known.get(uuid);
      if (!gpu) return []; // a card that this source does not read
      const witness = uuid === undefined ? 'kernel' : 'nvml';
      return [{ gpuUuid: gpu.uuid, tsMs, kind: 'xid', code, witness, ...(text ? { text } : {}) }];
    });
  }

  function nameOf(card: Card): string {
    const gpu = [...known.values()].find((one) => isCard(card, one));
    return gpu ? text('telemetry.card', { name: gpu.name, index: gpu.index }) : `GPU ${card}`;
  }

  function faultOf(parts: readonly Part[], intervalMs: number): SourceFault | undefined {
    const hanging = parts.filter(({ stuck }) => stuck !== undefined);
    const ticks = parts.flatMap(({ tick }) => tick ?? []);
    const lost = ticks.find(({ code }) => code !== NVML_SUCCESS);
    if (lost) return libraryFault(lost.code);
    const silentS = Math.max(...(hanging.length > 0 ? hanging : parts).map(({ silentMs }) => silentMs)) / 1000;
    if (hanging.length > 0 && hanging.length < parts.length)
      return hangFault(nameOf(hanging[0]!.stuck!), hanging.length - 1, silentS);
    const dead = parts.find((part) => part.dead !== undefined && !part.tick)?.dead;
    if (dead !== undefined) return threadFault(dead);
    if (ticks.length === 0) return stallFault(silentS);
    const unopened = parts.flatMap(({ gpus }) => gpus).find(({ openCode }) => openCode !== NVML_SUCCESS);
    if (unopened) return unopenedFault(unopened.identity.index, unopened.openCode);
    const slowest = Math.max(...ticks.map((tick) => tick.intervalMs));
    return slowest > intervalMs ? slowFault(slowest) : undefined;
  }

  return {
    learn,
    known: () => known.size,
    keep: (events) => {
      if (events.length > 0) kept = [...kept, ...events];
    },
    make(parts, now, intervalMs) {
      for (const { gpus, leftAlone } of parts) {
        learn(gpus);
        for (const { busId } of leftAlone) learnAsleep(busId);
      }
      const ticks = parts.flatMap(({ tick }) => tick ?? []);
      const newest = ticks.reduce((a, b) => (b.monoMs > a.monoMs ? b : a), ticks[0] ?? { ...now, tookMs: 0 });
      const events = eventsOf([...kept, ...ticks.flatMap((tick) => tick.events)]);
      kept = [];
      return {
        tsMs: newest.tsMs,
        monoMs: newest.monoMs,
        tookMs: newest.tookMs,
        events,
        gpus: [...known.values()].map((gpu) => sampleOf(parts, gpu)),
        fault: faultOf(parts, intervalMs),
      };
    },
  };
}
