import type { Clock } from '../../clock.ts';
import { absentFrame, type Frame } from '../../reading.ts';
import { err, ok } from '../../result.ts';
import type {
  GpuEvent,
  GpuIdentity,
  GpuSample,
  OpenedSource,
  SourceFault,
  SourceSample,
  SourceSettings,
} from '../source.ts';
import { normalBusId } from './device.ts';
import { hangFault, libraryFault, slowedFault, stallFault, threadFault, unopenedFault, whyNoGpu } from './faults.ts';
import { patience as usualPatience, type NvmlTick, type Patience, type WorkerEvent } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_GPU_IS_LOST, NVML_SUCCESS, returnCode } from './return-codes.ts';
import { startThread, type NvmlThread } from './thread.node.ts';

export type NvmlOptions = {
  readonly clock: Clock;
  readonly settings: SourceSettings;
  /** the built worker script */
  readonly workerUrl: URL;
  /** a library to load instead of the driver's */
  readonly library?: string;
  /** where the system lists PCI devices and writes the kernel's log, when not in the usual places */
  readonly pciDevices?: string;
  readonly kernelLog?: string;
  /** Windows' performance library, when not the system's own */
  readonly pdh?: string;
  /** how long things are waited for, when not for the usual times */
  readonly patience?: Partial<Patience>;
};

/**
 * Telemetry from NVML, read on a thread of its own. A driver that blocks makes readings `stalled`, one that goes away
 * makes them `lost`; the thread opens NVML anew by itself, and the same GPUs are found by their UUIDs. When a call about
 * one GPU does not return, a second thread reads the others until it does.
 */
export async function openNvml(options: NvmlOptions): Promise<OpenedSource> {
  const { clock, workerUrl, library, pciDevices, kernelLog, pdh } = options;
  let { settings } = options;
  const patience: Patience = { ...usualPatience, ...options.patience };
  const known = new Map<string, GpuIdentity>(); // by UUID
  let waiting: (() => void) | undefined;
  let closing = false;
  let restartAtMs = Infinity;
  let paceMs = settings.intervalMs; // between the thread's messages
  let shownMs = -Infinity; // monotonic time of the newest sample
  let missed: readonly WorkerEvent[] = []; // of ticks that were not shown

  const start = (only?: readonly string[]): NvmlThread =>
    startThread({
      clock,
      workerUrl,
      start: { library, settings, patience, pciDevices, kernelLog, pdh, only },
      onSign: () => waiting?.(),
    });
  /** Threads that hang, each in one GPU, and the one that reads. */
  let hanging: { readonly thread: NvmlThread; readonly gpu: GpuIdentity; readonly sinceMs: number }[] = [];
  let active = start();

  /** Resolves when a thread says something, or when the time is up. */
  function sign(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        waiting = undefined;
        resolve();
      }
      waiting = done;
    });
  }

  /** Learns who the GPUs are. One that slept until now has had its slot for a name. */
  let learnt: readonly ReaderGpu[] = [];
  let positions: ReadonlyMap<string, number> = new Map(); // by UUID, in the list that was learnt last
  function learn(): void {
    const gpus = active.gpus();
    if (gpus === learnt) return;
    learnt = gpus;
    positions = new Map(gpus.map(({ identity }, position) => [identity.uuid, position]));
    for (const { identity, openCode } of gpus) {
      if (openCode !== NVML_SUCCESS) continue;
      known.delete(slotName(identity.pciBusId));
      known.set(identity.uuid, identity);
    }
  }
  const slotName = (busId: string): string => `PCI-${normalBusId(busId)}`;
  const isHanging = ({ uuid }: GpuIdentity): boolean => hanging.some(({ gpu }) => gpu.uuid === uuid);
  const allOf = (frameOf: (gpu: GpuIdentity) => Frame): GpuSample[] =>
    [...known.values()].map((gpu) => ({ gpu, frame: frameOf(gpu) }));

  function faultOf({ intervalMs }: NvmlTick): SourceFault | undefined {
    if (hanging[0]) return hangFault(hanging[0].gpu.name, hanging[0].thread.silentMs() / 1000);
    const unopened = active.gpus().find(({ openCode }) => openCode !== NVML_SUCCESS);
    if (unopened) return unopenedFault(unopened.identity.index, unopened.openCode);
    return intervalMs > settings.intervalMs ? slowedFault(intervalMs) : undefined;
  }

  function eventsOf(events: readonly WorkerEvent[]): GpuEvent[] {
    return events.flatMap(({ uuid, slot, code, text, tsMs }): GpuEvent[] => {
      const gpu =
        uuid === undefined
          ? [...known.values()].find(({ pciBusId }) => normalBusId(pciBusId).startsWith(`${slot}.`))
          : known.get(uuid);
      if (!gpu) return []; // a card that this source does not read
      const witness = uuid === undefined ? 'kernel' : 'nvml';
      return [{ gpuUuid: gpu.uuid, tsMs, kind: 'xid', code, witness, ...(text ? { text } : {}) }];
    });
  }

  /** Of a GPU that is not in the list of those opened: why it is not. */
  function missingFrame({ index, pciBusId }: GpuIdentity, code: number): Frame {
    if (code !== NVML_SUCCESS) return absentFrame('lost', code);
    const unopened = active
      .gpus()
      .find(({ identity, openCode }) =>
        openCode !== NVML_SUCCESS && identity.pciBusId
          ? normalBusId(identity.pciBusId) === normalBusId(pciBusId)
          : openCode !== NVML_SUCCESS && identity.index === index,
      );
    const why = unopened?.openCode ?? NVML_GPU_IS_LOST;
    return absentFrame(returnCode(why).means, why);
  }

  function sampleOf(tick: NvmlTick): SourceSample {
    learn();
    const { code, tsMs, monoMs, tookMs } = tick;
    const asleep = new Set(tick.leftAlone.map(({ busId }) => busId));
    for (const busId of asleep) {
      const met = [...known.values()].some(({ pciBusId }) => normalBusId(pciBusId) === busId);
      if (!met)
        known.set(slotName(busId), { uuid: slotName(busId), index: known.size, name: 'NVIDIA GPU', pciBusId: busId });
    }
    const absent = (gpu: GpuIdentity): Frame =>
      isHanging(gpu)
        ? absentFrame('stalled')
        : asleep.has(normalBusId(gpu.pciBusId))
          ? absentFrame('asleep')
          : missingFrame(gpu, code);
    const base = { tsMs, monoMs, tookMs, events: eventsOf([...missed, ...tick.events]) };
    missed = [];
    shownMs = monoMs;
    if (code !== NVML_SUCCESS) return { ...base, gpus: allOf(absent), fault: libraryFault(code) };
    const frames = active.framesOf(tick.tick);
    const gpus = [...known.values()].map((gpu): GpuSample => {
      const position = positions.get(gpu.uuid);
      if (position === undefined || (asleep.size > 0 && asleep.has(normalBusId(gpu.pciBusId))))
        return { gpu, frame: absent(gpu) };
      const frame = frames[position] ?? absentFrame('stalled');
      return { gpu, frame, processes: tick.processes?.[position], mig: tick.mig?.[position] };
    });
    return { ...base, gpus, fault: faultOf(tick) };
  }

  /**
   * A tick that was given up, and came after all, must not lie before what was said meanwhile: it counts from its end.
   * After a hang its first readings are as old as the hang; what it tells of events is still true.
   */
  function inOrder(tick: NvmlTick): NvmlTick | undefined {
    if (tick.monoMs > shownMs) return tick;
    const endMs = tick.monoMs + tick.tookMs;
    if (endMs > shownMs && tick.tookMs < patience.hangMs) {
      return { ...tick, monoMs: endMs, tsMs: tick.tsMs + tick.tookMs };
    }
    missed = [...missed, ...tick.events];
    return undefined;
  }

  /** No tick came: the GPUs that were read before the driver blocked have their readings, once; the others have none. */
  let shownTick = 0;
  function stalledSample(): SourceSample {
    const now = { tsMs: clock.wallMs(), monoMs: clock.monoMs(), tookMs: 0 };
    shownMs = now.monoMs;
    const dead = active.dead();
    const inside = active.inside();
    const fresh = inside !== undefined && inside.tick > shownTick;
    const frames = fresh ? active.framesOf(inside.tick) : [];
    if (fresh) shownTick = inside.tick;
    learn();
    return {
      ...now,
      gpus: allOf((gpu) => frames[positions.get(gpu.uuid) ?? -1] ?? absentFrame('stalled')),
      fault: dead === undefined ? stallFault(active.silentMs() / 1000) : threadFault(dead),
    };
  }

  /** Whether a thread has left the call it hung in: it spoke again, has ended, or went on to another GPU. */
  function isBack({ thread, gpu, sinceMs }: (typeof hanging)[number]): boolean {
    if (thread.dead() !== undefined || thread.silentMs() < clock.monoMs() - sinceMs) return true;
    return thread.gpus()[thread.inside()?.position ?? -1]?.identity.uuid !== gpu.uuid;
  }

  /**
   * Ends what is over. Each thread reads what those before it do not hang in: one that has come back from its hanging
   * call reads again, and those after it, which stood in for it, are closed.
   */
  function mend(): void {
    const nowMs = clock.monoMs();
    const back = hanging.findIndex(isBack);
    if (back >= 0) {
      const [first, ...standIns] = [...hanging.slice(back).map(({ thread }) => thread), active];
      for (const thread of standIns) void thread.close();
      hanging = hanging.slice(0, back);
      active = first!;
      shownTick = 0; // each thread counts its own
    }
    if (active.dead() !== undefined) {
      if (restartAtMs === Infinity) restartAtMs = nowMs + patience.restartMs;
      else if (nowMs >= restartAtMs) {
        restartAtMs = Infinity;
        shownTick = 0;
        active = startBeside();
      }
      return;
    }
    const inside = active.inside();
    if (inside === undefined || active.silentMs() < patience.hangMs + paceMs) return;
    const gpu = active.gpus()[inside.position]?.identity;
    if (!gpu || active.gpus().length < 2 || normalBusId(gpu.pciBusId) === '') return;
    hanging.push({ thread: active, gpu, sinceMs: nowMs });
    shownTick = 0;
    active = startBeside();
  }

  /** A thread for the GPUs in which no other hangs. */
  function startBeside(): NvmlThread {
    if (hanging.length === 0) return start();
    return start([...known.values()].filter((gpu) => !isHanging(gpu)).map(({ pciBusId }) => normalBusId(pciBusId)));
  }

  async function close(): Promise<void> {
    closing = true;
    waiting?.();
    await Promise.all([active, ...hanging.map(({ thread }) => thread)].map((thread) => thread.close()));
  }

  const first = await active.started;
  if (!first) {
    void close(); // it may take as long as the driver does
    return err(
      'source-unavailable',
      'The NVIDIA driver did not answer.',
      'Restart the computer, or choose another source.',
    );
  }
  if (first.type === 'no-library') {
    await close();
    return err('source-unavailable', first.message, first.next);
  }
  learn();
  if (first.type === 'opened' && (first.code !== NVML_SUCCESS || known.size === 0)) {
    await close();
    const why = whyNoGpu(first.code, first.gpus);
    return err('source-unavailable', why.message, why.next);
  }

  return ok({
    info: () => {
      const { driver, nvml } = active.versions();
      const label = `NVML ${nvml ?? ''}`.trim();
      return { kind: 'nvml', label, names: 'nvml', simulated: false, driverVersion: driver };
    },
    async read(deadlineMs) {
      const untilMs = clock.monoMs() + settings.intervalMs + deadlineMs;
      for (;;) {
        mend();
        const taken = active.take();
        const tick = taken && inOrder(taken);
        if (tick) {
          shownTick = tick.tick;
          paceMs = tick.intervalMs;
          return sampleOf(tick);
        }
        const leftMs = untilMs - clock.monoMs();
        if (closing || leftMs <= 0 || active.dead() !== undefined) break;
        await sign(leftMs);
      }
      if (active.dead() !== undefined && !closing) await sign(settings.intervalMs); // the pace goes on without the thread
      return stalledSample();
    },
    configure(next) {
      settings = next;
      paceMs = next.intervalMs;
      for (const thread of [active, ...hanging.map((one) => one.thread)]) thread.configure(next);
    },
    close,
  });
}
