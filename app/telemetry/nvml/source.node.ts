import type { Clock } from '../../core/clock.ts';
import { text } from '../../core/i18n.ts';
import { err, ok } from '../../core/result.ts';
import type { OpenedSource, SourceSample, SourceSettings } from '../source.ts';
import { whyNoGpu } from './faults.ts';
import { lookOf, stillnessOf, type Stillness } from './look.ts';
import { patience as usualPatience, type LeftAlone, type Patience } from './protocol.ts';
import { NVML_SUCCESS } from './return-codes.ts';
import { createSamples, type Part } from './samples.ts';
import { startThread, type Frames, type NvmlStart, type NvmlThread, type TakenTick } from './thread.node.ts';
import { advance, oneThread, readersOf, type Action, type Look, type Step } from './threads.ts';

export type NvmlOptions = {
  readonly clock: Clock;
  readonly settings: SourceSettings;
  /** the built worker script */
  readonly workerUrl: URL;
  /** a library to load instead of the driver's */
  readonly library?: string;
  /** where the system lists PCI devices and the kernel's log is, if not in the usual places */
  readonly pciDevices?: string;
  readonly kernelLog?: string;
  /** Windows' performance library, if not the system's own */
  readonly pdh?: string;
  /** timeouts that differ from the usual ones */
  readonly patience?: Partial<Patience>;
};

/** A thread and its last observed state. */
type Member = {
  readonly thread: NvmlThread;
  stillness: Stillness;
  leftAlone: readonly LeftAlone[];
  /** a tick that is not part of a sample yet */
  tick?: TakenTick | undefined;
  /** what it had read before it began to hang */
  hung?: Frames | undefined;
};

const OPEN_DEADLINE_MS = 15_000; // the first call is slow when nothing else holds the driver open

/**
 * Telemetry from NVML, read on threads: usually one, more while calls hang (threads.ts decides, this file executes). If
 * the driver blocks, readings are `stalled`; if it is unloaded, they are `lost`. A thread reopens NVML automatically, and
 * UUIDs identify the same GPUs again.
 */
export async function openNvml(options: NvmlOptions): Promise<OpenedSource> {
  const { clock, workerUrl, library, pciDevices, kernelLog, pdh } = options;
  let { settings } = options;
  const patience: Patience = { ...usualPatience, ...options.patience };
  const lookMs = patience.hangMs / 4;
  const gridMs = clock.monoMs();
  const samples = createSamples();
  const members = new Map<number, Member>();
  const answers: (NvmlStart | undefined)[] = []; // one per started thread
  let { threads, actions } = oneThread(gridMs);
  let waiting: (() => void) | undefined;
  let closing = false;
  let paceMs = settings.intervalMs; // current interval between a thread's messages
  let shownMs = -Infinity; // monotonic time of the newest sample

  /** Resolves when a thread has news, or after `ms`. */
  function news(ms: number): Promise<void> {
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

  function execute(action: Action): void {
    const { kind, id } = action;
    if (kind === 'assign') return members.get(id)!.thread.assign(action.cards);
    if (kind === 'close') {
      void members.get(id)!.thread.close();
      return;
    }
    const thread = startThread({
      clock,
      workerUrl,
      start: { library, settings, patience, pciDevices, kernelLog, pdh, only: action.cards, gridMs },
      onNews: () => waiting?.(),
    });
    const stillness = { moves: -1, seenMs: clock.monoMs(), stillMs: 0 };
    members.set(id, { thread, stillness, leftAlone: [] });
    void thread.started.then((answer) => answers.push(answer));
  }

  function take(step: Step): void {
    ({ threads, actions } = step);
    for (const action of actions) execute(action);
    const there = new Set(threads.threads.map(({ id }) => id));
    for (const id of members.keys()) if (!there.has(id)) members.delete(id);
  }

  /** Observes each thread and executes what the reducer decides. */
  function step(): void {
    const pending = [...members.values()].some(({ tick }) => tick); // a sample with these readings comes before any rearrangement
    const nowMs = clock.monoMs();
    const looks = new Map<number, Look>();
    for (const { id, cards } of threads.threads) {
      const member = members.get(id)!;
      const { thread, leftAlone } = member;
      const place = thread.place();
      member.stillness = stillnessOf(place, member.stillness, nowMs, 2 * lookMs);
      const { stillMs } = member.stillness;
      const dead = thread.dead() !== undefined;
      const answered = thread.answered() && !pending;
      looks.set(id, lookOf({ dead, answered, place, stillMs, cards, gpus: thread.gpus(), leftAlone }));
    }
    const before = threads;
    take(advance(before, looks, nowMs, patience));
    for (const { id, stuck } of threads.threads) {
      if (!stuck || before.threads.find((thread) => thread.id === id)?.stuck) continue;
      const { thread } = members.get(id)!;
      const { tick } = thread.place();
      if (tick > 0) members.get(id)!.hung = thread.partOf(tick);
    }
  }

  /**
   * A late tick must not precede the sample that was made without it, so its time is its end. After a hang its first
   * readings are as old as the hang, and it may lack cards that were assigned since: then only its events are used.
   */
  function inOrder(tick: TakenTick): TakenTick | undefined {
    if (tick.current && tick.monoMs > shownMs) return tick;
    const endMs = tick.monoMs + tick.tookMs;
    if (tick.current && endMs > shownMs && tick.tookMs < patience.hangMs) {
      return { ...tick, monoMs: endMs, tsMs: tick.tsMs + tick.tookMs };
    }
    samples.keep(tick.events);
    return undefined;
  }

  /** Takes a tick from each thread: in order from a single thread; the newest from several, which form one sample. */
  function collect(): void {
    const several = threads.threads.length > 1;
    for (const member of members.values()) {
      while (several || !member.tick) {
        const taken = member.thread.take();
        if (!taken) break;
        member.leftAlone = taken.leftAlone;
        const tick = inOrder(taken);
        if (!tick) continue;
        if (member.tick) samples.keep(member.tick.events);
        member.tick = tick;
        paceMs = tick.intervalMs;
      }
    }
  }

  function makeSample(): SourceSample {
    const parts = threads.threads.map(({ id, cards, stuck }): Part => {
      const { thread, leftAlone, tick, hung } = members.get(id)!;
      const [gpus, silentMs, dead] = [thread.gpus(), thread.silentMs(), thread.dead()];
      return { cards, stuck: stuck?.card, gpus, leftAlone, tick, hung, silentMs, dead };
    });
    const sample = samples.make(parts, { tsMs: clock.wallMs(), monoMs: clock.monoMs() }, settings.intervalMs);
    for (const member of members.values()) [member.tick, member.hung] = [undefined, undefined];
    shownMs = sample.monoMs;
    return sample;
  }

  /** ms until a thread should be observed again: when its tick is overdue, then repeatedly. */
  function lookInMs(): number {
    const dueMs = readersOf(threads).map(({ id }) => {
      const { thread, tick } = members.get(id)!;
      if (tick) return Infinity;
      return thread.answered() ? paceMs - thread.silentMs() : 0;
    });
    return Math.max(0, ...[Math.min(...dueMs)].filter(Number.isFinite)) + lookMs;
  }

  async function close(): Promise<void> {
    closing = true;
    waiting?.();
    await Promise.all([...members.values()].map(({ thread }) => thread.close()));
  }

  /** The answer that decides whether there is a GPU to read; undefined if none came in time. */
  async function start(): Promise<NvmlStart | undefined> {
    take({ threads, actions });
    const untilMs = clock.monoMs() + OPEN_DEADLINE_MS;
    for (;;) {
      const found = answers.find(
        (answer) =>
          answer?.type === 'all-asleep' ||
          (answer?.type === 'opened' && answer.gpus.some(({ openCode }) => openCode === NVML_SUCCESS)),
      );
      if (found) return found;
      if (answers.length > 0 && answers.length >= readersOf(threads).length) return answers[0];
      if (clock.monoMs() >= untilMs) return undefined;
      await news(lookMs);
      step();
    }
  }

  const first = await start();
  if (!first) {
    void close(); // may take as long as the driver does
    return err('source-unavailable', text('telemetry.nvml.noAnswer'), text('telemetry.nvml.noAnswerNext'));
  }
  if (first.type === 'no-library') {
    await close();
    return err('source-unavailable', first.message, first.next);
  }
  for (const { thread } of members.values()) samples.learn(thread.gpus());
  if (first.type === 'opened' && (first.code !== NVML_SUCCESS || samples.known() === 0)) {
    await close();
    const why = whyNoGpu(first.code, first.gpus);
    return err('source-unavailable', why.message, why.next);
  }

  return ok({
    info: () => {
      const versions = [...members.values()].map(({ thread }) => thread.versions());
      const { driver, nvml } = versions.find((one) => one.nvml !== undefined) ?? versions[0]!;
      const label = `NVML ${nvml ?? ''}`.trim();
      return { kind: 'nvml', label, names: 'nvml', simulated: false, driverVersion: driver };
    },
    async read(deadlineMs) {
      const beganMs = clock.monoMs();
      for (;;) {
        step();
        collect();
        const there = [...members.values()];
        if (closing || there.some(({ hung }) => hung?.frames.some(Boolean))) return makeSample();
        const readers = readersOf(threads);
        if (there.some(({ tick }) => tick) && readers.every(({ id }) => members.get(id)!.tick)) return makeSample();
        // without a thread that can answer, samples keep their interval
        const patienceMs = settings.intervalMs + (readers.length > 0 ? deadlineMs : 0);
        const leftMs = beganMs + patienceMs - clock.monoMs();
        if (leftMs <= 0) return makeSample();
        await news(Math.min(leftMs, readers.length > 0 ? lookInMs() : leftMs));
      }
    },
    configure(next) {
      settings = next;
      paceMs = next.intervalMs;
      for (const { thread } of members.values()) thread.configure(next);
    },
    sampleNow() {
      for (const { thread } of members.values()) thread.sampleNow();
    },
    close,
  });
}
