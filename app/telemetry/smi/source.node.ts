import type { Clock } from '../../core/clock.ts';
import { absentFrame } from '../../metrics/frame.ts';
import { text } from '../../core/i18n.ts';
import { err, ok } from '../../core/result.ts';
import type { GpuIdentity, GpuSample, OpenedSource, SourceFault, SourceSample } from '../source.ts';
import { decodeDocument, type SmiDocument } from './document.ts';
import { listCards, unreachableBus } from './cards.node.ts';
import { smiPatience, startSmi, type SmiPatience, type SmiProcess, type SmiTrouble } from './process.node.ts';

export type SmiOptions = {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** the program to run instead of the `nvidia-smi` on the PATH */
  readonly program?: string;
  /** timeouts that differ from the usual ones */
  readonly patience?: Partial<SmiPatience>;
};

type Arrived = {
  readonly document: SmiDocument;
  readonly tsMs: number;
  readonly monoMs: number;
  readonly tookMs: number;
};

const MIN_INTERVAL_MS = 200; // a document of many cards takes this long to print
/** After hanging this often in a row with all cards, each card gets a separate program. */
const HANGS_WITH_ALL = 2;
const MOST_PROGRAMS = 16;

const failed = (output: string): SourceFault => ({
  code: 'nvidia-smi-failed',
  message: text('telemetry.smi.failed', { why: output.split('\n')[0]!.slice(0, 200) }),
  next: text('telemetry.smi.failedNext'),
});
const unreadable = (why: string): SourceFault => ({
  code: 'nvidia-smi-unreadable',
  message: text('telemetry.smi.unreadableNow', { why }),
  next: text('telemetry.smi.unreadableNext'),
});
const unreachable = (bus: string, others: boolean): SourceFault => ({
  code: 'nvidia-smi-gpu-unreachable',
  message: text('telemetry.smi.unreachable', { bus }) + (others ? ` ${text('telemetry.smi.othersRead')}` : ''),
  next: text('telemetry.smi.unreachableNext'),
});
const silent = (): SourceFault => ({
  code: 'nvidia-smi-stalled',
  message: text('telemetry.smi.stalled'),
  next: text('telemetry.smi.stalledNext'),
});
const hanging = (name: string, others: number): SourceFault => ({
  code: 'nvidia-smi-gpu-hangs',
  message:
    others > 0 ? text('telemetry.smi.severalHang', { name, count: others }) : text('telemetry.smi.hangs', { name }),
  next: text('telemetry.smi.hangsNext'),
});

/**
 * Telemetry from one long-running `nvidia-smi -q -x -l`, for machines where NVML cannot be loaded. Its own loop sets the
 * pace. If it ends or hangs, it is restarted. If it hangs again with all cards, each card gets a separate program until
 * all of them answer, so that one hanging card does not silence the others.
 */
export async function openSmi(options: SmiOptions): Promise<OpenedSource> {
  const { clock, program = 'nvidia-smi' } = options;
  const patience: SmiPatience = { ...smiPatience, ...options.patience };
  let interval = Math.max(options.intervalMs, MIN_INTERVAL_MS);
  const known = new Map<string, GpuIdentity>();
  /** by UUID of the card that the program queries; undefined: all cards */
  const programs = new Map<string | undefined, SmiProcess>();
  const latest = new Map<string | undefined, Arrived>(); // the newest unread document of each program
  let waiting: (() => void) | undefined;
  let news = false; // a program ended or was killed
  let driverVersion: string | undefined;
  let wholeSinceMs: number | undefined; // since then all programs answer
  let lostBus: string | undefined; // a card that was out of reach from the start, for which no program runs
  let listedMs = 0;

  /** @param doubted see SmiProcessOptions */
  function start(gpuUuid: string | undefined, firstMs = patience.firstMs, doubted = gpuUuid !== undefined): void {
    const started = startSmi({
      program,
      intervalMs: interval,
      ...(gpuUuid === undefined ? {} : { gpuUuid }),
      doubted,
      patience: { ...patience, firstMs },
      onDocument: (xml) => take(gpuUuid, xml),
      onTrouble() {
        news = true;
        waiting?.();
      },
    });
    programs.set(gpuUuid, started);
  }

  function closeAll(): void {
    for (const one of programs.values()) one.close();
    programs.clear();
    latest.clear();
  }

  function take(gpuUuid: string | undefined, xml: string): string | undefined {
    const [tsMs, monoMs] = [clock.wallMs(), clock.monoMs()];
    const decoded = decodeDocument(xml);
    if (!decoded.ok) return decoded.error.message;
    driverVersion = decoded.value.driverVersion ?? driverVersion;
    for (const { gpu } of decoded.value.gpus) known.set(gpu.uuid, gpu);
    latest.set(gpuUuid, { document: decoded.value, tsMs, monoMs, tookMs: clock.monoMs() - monoMs });
    waiting?.();
    return undefined;
  }

  /** Decides between one program for all cards and one per card. */
  function arrange(): void {
    const together = programs.get(undefined);
    if (together) {
      const hangs = together.hangs() >= HANGS_WITH_ALL && known.size > 1;
      const ends = unreachableBus(together.trouble()?.output ?? '') !== undefined && known.size > 0;
      if (!(hangs || ends) || known.size > MOST_PROGRAMS) return;
      closeAll();
      for (const uuid of known.keys()) start(uuid, together.againMs(), hangs);
      wholeSinceMs = undefined;
      return;
    }
    if (lostBus !== undefined) {
      if (clock.monoMs() > listedMs + patience.calmMs) void lookForLost();
      return;
    }
    const whole = [...programs.values()].every((one) => one.trouble() === undefined);
    wholeSinceMs = whole ? (wholeSinceMs ?? clock.monoMs()) : undefined;
    if (wholeSinceMs === undefined || clock.monoMs() < wholeSinceMs + patience.calmMs) return;
    closeAll();
    start(undefined);
  }

  /** Whether the card that was out of reach answers again. */
  async function lookForLost(): Promise<void> {
    listedMs = clock.monoMs();
    lostBus = (await listCards(program, patience.firstMs)).lostBus;
  }

  /** Resolves when a document is there, a program ended, or the time is up. */
  const arrival = (deadlineMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, deadlineMs);
      function done() {
        clearTimeout(timer);
        waiting = undefined;
        resolve();
      }
      waiting = done;
    });

  const isComplete = (): boolean =>
    latest.size > 0 && [...programs].every(([uuid, one]) => latest.has(uuid) || one.trouble() !== undefined);

  function faultOf(troubles: readonly (readonly [string | undefined, SmiTrouble])[]): SourceFault | undefined {
    const [first] = troubles;
    if (!first && latest.size === 0) return silent();
    if (!first) return lostBus === undefined ? undefined : unreachable(lostBus, true);
    const [uuid, { kind, output }] = first;
    if (kind === 'unreadable') return unreadable(output);
    if (kind !== 'silent') {
      const bus = unreachableBus(output);
      return bus === undefined ? failed(output) : unreachable(bus, troubles.length < programs.size);
    }
    const name = uuid === undefined ? undefined : known.get(uuid)?.name;
    return name === undefined || troubles.length === programs.size ? silent() : hanging(name, troubles.length - 1);
  }

  function sampleOf(gpu: GpuIdentity): GpuSample {
    const key = programs.has(undefined) ? undefined : gpu.uuid;
    const arrived = latest.get(key);
    const found = arrived?.document.gpus.find((sample) => sample.gpu.uuid === gpu.uuid);
    if (found) return found;
    const trouble = programs.get(key)?.trouble();
    if (trouble?.kind === 'unreadable') return { gpu, frame: absentFrame('failed') };
    return { gpu, frame: absentFrame(arrived || (trouble && trouble.kind !== 'silent') ? 'lost' : 'stalled') };
  }

  function show(): SourceSample {
    const troubles = [...programs].flatMap(([uuid, one]) => {
      const trouble = latest.has(uuid) ? undefined : one.trouble();
      return trouble ? [[uuid, trouble] as const] : [];
    });
    const fault = faultOf(troubles);
    const arrived = [...latest.values()].sort((a, b) => b.monoMs - a.monoMs);
    const { tsMs, monoMs, tookMs } = arrived[0] ?? { tsMs: clock.wallMs(), monoMs: clock.monoMs(), tookMs: 0 };
    const sample = { gpus: [...known.values()].map(sampleOf), tsMs, monoMs, tookMs, ...(fault ? { fault } : {}) };
    latest.clear();
    news = false;
    return sample;
  }

  /** One card cannot be reached, and nvidia-smi ends because of it: asks for each of the others. */
  async function startOthers(bus: string): Promise<void> {
    const { uuids } = await listCards(program, patience.firstMs);
    if (uuids.length === 0 || uuids.length > MOST_PROGRAMS) return;
    closeAll();
    lostBus = bus;
    listedMs = clock.monoMs();
    for (const uuid of uuids) start(uuid, patience.firstMs, false);
    await arrival(patience.firstMs);
  }

  start(undefined);
  await arrival(patience.firstMs);
  const gone = unreachableBus(programs.get(undefined)!.trouble()?.output ?? '');
  if (latest.size === 0 && gone !== undefined) await startOthers(gone);
  if (latest.size === 0) {
    const trouble = programs.values().next().value?.trouble();
    closeAll();
    if (trouble?.kind === 'missing') {
      return err('source-unavailable', text('telemetry.smi.notFound', { program }), text('telemetry.smi.notFoundNext'));
    }
    if (!trouble || trouble.kind === 'silent') return err('source-unavailable', text('telemetry.smi.noAnswer'));
    const { message, next } =
      gone !== undefined
        ? unreachable(gone, false)
        : trouble.kind === 'unreadable'
          ? unreadable(trouble.output)
          : failed(trouble.output);
    return err('source-unavailable', message, next);
  }

  return ok({
    info: () => ({
      kind: 'nvidia-smi',
      label: `nvidia-smi ${driverVersion ?? ''}`.trim(),
      names: 'xml',
      simulated: false,
      driverVersion,
    }),
    async read(deadlineMs): Promise<SourceSample> {
      arrange();
      const untilMs = clock.monoMs() + interval + deadlineMs;
      for (;;) {
        const leftMs = untilMs - clock.monoMs();
        if (isComplete() || (news && latest.size === 0) || leftMs <= 0 || programs.size === 0) return show();
        await arrival(leftMs);
      }
    },
    configure({ intervalMs: next }) {
      const wanted = Math.max(next, MIN_INTERVAL_MS);
      if (wanted === interval) return;
      interval = wanted;
      for (const one of programs.values()) one.restart(interval); // the interval is a command-line argument
    },
    async close() {
      closeAll();
      waiting?.();
    },
  });
}
