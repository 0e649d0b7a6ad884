// The thread that owns NVML. Calls into the driver may block for seconds or for ever; here they block nobody else. It
// keeps its own grid, so that a tick costs one message, opens NVML anew by itself when the driver went away, and leaves
// GPUs alone that sleep.
import { parentPort } from 'node:worker_threads';
import { systemClock as clock } from '../../clock.node.ts';
import type { Cadence } from '../../metrics.ts';
import { valueOf } from '../../reading.ts';
import { createBudget, type Budget } from '../budget.ts';
import { frameBlockSize, layFrameBlock, type FrameBlock } from '../frame-block.ts';
import { createPace, type Pace } from '../pace.ts';
import { watchPciGpus, type PciWatch } from '../runtime-status.node.ts';
import { createSleepPolicy } from '../sleep-policy.ts';
import type { GpuProcess } from '../source.ts';
import { openKernelLog, type KernelLog } from '../xid/kernel-log.node.ts';
import { normalBusId } from './device.ts';
import { loadLibrary } from './library.node.ts';
import type { NvmlLibrary } from './library.ts';
import type { FromWorker, LeftAlone, ToWorker, WorkerEvent } from './protocol.ts';
import { createReader, type NvmlReader } from './reader.ts';
import { NVML_LIBRARY_NOT_FOUND, NVML_SUCCESS, returnCode } from './return-codes.ts';

if (!parentPort) throw new Error('the NVML reader runs as a worker thread');
const port = parentPort;
const say = (message: FromWorker) => port.postMessage(message);

const ULONG_BYTES = process.platform === 'win32' ? 4 : 8; // size of C's unsigned long
const REOPEN_MS = 2_000;
/** A GPU that was lost may be back after a reset, which only a fresh NVML notices: asked soon, then ever less often. */
const RETRY_LOST_MS = [2_000, 5_000, 10_000, 30_000] as const;

type Start = Extract<ToWorker, { type: 'start' }>;
type Opened = {
  readonly library: NvmlLibrary;
  readonly reader: NvmlReader;
  readonly block: FrameBlock;
  /** slots, by position */
  readonly busIds: readonly string[];
  /** slots that were asked for; undefined: all that the driver lists */
  readonly only: string | undefined;
  readonly listed: number;
};

let start: Start;
let opened: Opened | undefined;
let reopenAtMs = Infinity;
let lostRetries = 0;
let tick = 0;
let kernelLog: KernelLog | undefined;
let pci: PciWatch;
let leftAlone: readonly LeftAlone[] = [];
let only: readonly string[] | undefined; // slots to be open
const policy = createSleepPolicy();
const busy = new Map<string, boolean>(); // slot → whether its last reading found it in use
let processes: (readonly GpuProcess[] | undefined)[] = [];

function close(): void {
  opened?.reader.close();
  opened?.library.unload(); // an updated driver brings another file: it must not be found in memory
  opened = undefined;
}

/** Opens NVML. Returns 0, or why it cannot be used. */
function open(): number {
  const loaded = loadLibrary(start.library);
  if (!loaded.ok) {
    say({ type: 'no-library', message: loaded.error.message, next: loaded.error.next });
    return NVML_LIBRARY_NOT_FOUND;
  }
  const library = loaded.value;
  const reader = createReader(library, ULONG_BYTES);
  const { code, gpus } = reader.open(only);
  const block = layFrameBlock(new SharedArrayBuffer(frameBlockSize(gpus.length)), gpus.length);
  say({ type: 'opened', code, gpus, buffer: block.buffer as SharedArrayBuffer, ...reader.versions() });
  const busIds = gpus.map(({ identity }) => normalBusId(identity.pciBusId));
  opened = { library, reader, block, busIds, only: only?.join(), listed: reader.count() };
  processes = gpus.map(() => undefined);
  if (code !== NVML_SUCCESS) close();
  return code;
}

/**
 * The slots to be open now: undefined for all that the driver lists, which is so where nothing sleeps and nothing hangs.
 * GPUs that the policy leaves alone are remembered for the tick's message.
 */
function wanted(nowMs: number): readonly string[] | undefined {
  const states = policy.judge(
    pci.gpus().map(({ busId, asleep, managed }) => {
      const inUse = busy.get(busId);
      return { busId, asleep, managed, idle: inUse === undefined ? undefined : !inUse };
    }),
    nowMs,
  );
  leftAlone = [...states].flatMap(([busId, state]) => (state === 'awake' ? [] : [{ busId, state }]));
  if (leftAlone.length === 0) return start.only;
  const alone = new Set(leftAlone.map(({ busId }) => busId));
  return (start.only ?? [...states.keys()]).filter((busId) => !alone.has(busId));
}

/** Nothing runs on it: no load, no process, clocks at rest. */
function isBusy({ block }: Opened, position: number): boolean {
  const frame = block.frames[position]!;
  const load = valueOf(frame, 'gpuUtilPct') ?? 0;
  return load > 0 || (processes[position]?.length ?? 0) > 0;
}

/** Reads all GPUs. Returns 0, or the code that says NVML must be opened anew. */
function read(current: Opened, cadences: readonly Cadence[]): number {
  const { reader, block, busIds } = current;
  let lost = false;
  for (let position = 0; position < block.frames.length; position++) {
    Atomics.store(block.begun, position, tick);
    const code = reader.read(position, cadences, block.frames[position]!);
    if (returnCode(code).library) return code;
    if (cadences.includes('slow')) processes[position] = code === NVML_SUCCESS ? reader.processes(position) : undefined;
    lost ||= code !== NVML_SUCCESS;
    Atomics.store(block.done, position, tick);
    busy.set(busIds[position]!, isBusy(current, position));
  }
  if (!lost) [reopenAtMs, lostRetries] = [Infinity, 0];
  else if (reopenAtMs === Infinity) {
    reopenAtMs = clock.monoMs() + RETRY_LOST_MS[Math.min(lostRetries++, RETRY_LOST_MS.length - 1)]!;
  }
  return NVML_SUCCESS;
}

/** Asked on the slow cadence: that there is nothing new costs more than reading eight GPUs. */
function takeEvents(tsMs: number): WorkerEvent[] {
  return [
    ...(opened?.reader.events() ?? []).map(({ position, xid }) => ({ position, code: xid, tsMs })),
    ...(kernelLog?.take() ?? []),
  ];
}

function takeTick(cadences: readonly Cadence[], budget: Budget): number {
  const [tsMs, monoMs] = [clock.wallMs(), clock.monoMs()];
  let code = NVML_SUCCESS;
  const slow = cadences.includes('slow');
  if (cadences.includes('rare')) pci.scan();
  // a GPU that is read cannot fall asleep: what is open is looked at now and then, what is left alone at every tick
  if (slow || leftAlone.length > 0 || !opened) only = wanted(monoMs);
  const nobody = only?.length === 0;
  // a GPU fell asleep or was woken, or one was added: the list is made anew
  const changed =
    opened !== undefined && (opened.only !== only?.join() || (slow && opened.reader.count() !== opened.listed));
  if (changed || monoMs >= reopenAtMs) close();
  if (!opened && !nobody && (reopenAtMs === Infinity || monoMs >= reopenAtMs)) {
    code = open();
    reopenAtMs = code === NVML_SUCCESS ? Infinity : monoMs + REOPEN_MS;
  }
  tick++;
  if (opened) {
    code = read(opened, cadences);
    if (code !== NVML_SUCCESS) {
      close();
      reopenAtMs = monoMs + REOPEN_MS;
    }
  } else if (!nobody) code ||= NVML_LIBRARY_NOT_FOUND;
  const current = opened;
  const tookMs = clock.monoMs() - monoMs;
  const intervalMs = budget.spent(tookMs);
  say({
    type: 'tick',
    tick,
    code,
    tsMs,
    monoMs,
    tookMs,
    intervalMs,
    processes: slow && current ? [...processes] : undefined,
    mig: slow && current ? current.busIds.map((_, position) => current.reader.mig(position)) : undefined,
    leftAlone,
    events: slow ? takeEvents(tsMs) : [],
  });
  return intervalMs;
}

let closing = false;
let pace: Pace | undefined;
let budget: Budget | undefined;

async function run(paced: Pace, spending: Budget): Promise<void> {
  for (;;) {
    const cadences = await paced.next();
    if (closing) return;
    const asked = cadences.includes('slow') && start.settings.pcieThroughput;
    paced.setInterval(takeTick(asked ? [...cadences, 'request'] : cadences, spending));
  }
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start': {
      start = message;
      pci = watchPciGpus(start.pciDevices);
      only = wanted(clock.monoMs());
      if (only?.length === 0) say({ type: 'all-asleep' });
      else if (open() !== NVML_SUCCESS) return; // the one who started it decides what to do instead
      kernelLog = openKernelLog(start.kernelLog);
      pace = createPace(clock, start.settings.intervalMs);
      budget = createBudget(start.settings.intervalMs);
      void run(pace, budget);
      return;
    }
    case 'settings':
      start = { ...start, settings: message.settings };
      pace?.setInterval(message.settings.intervalMs);
      budget?.setInterval(message.settings.intervalMs);
      return;
    case 'close':
      closing = true;
      close();
      kernelLog?.close();
      say({ type: 'closed' });
  }
});
