// The thread that owns NVML. Calls into the driver may block for seconds or for ever, and here they block only this
// thread. It keeps its own grid of ticks, so that a tick costs one message. It reopens NVML after the driver was unloaded,
// and does not touch GPUs that sleep.
import { parentPort } from 'node:worker_threads';
import { systemClock as clock } from '../../core/clock.node.ts';
import type { Cadence } from '../../metrics/metrics.ts';
import { valueOf } from '../../metrics/frame.ts';
import { createBudget, type Budget } from '../budget.ts';
import { blockOf, frameRingSize, layFrameRing, type FrameRing } from '../frame-block.ts';
import { createPace, type Pace } from '../pace.ts';
import { watchPciGpus, type PciWatch } from '../runtime-status.node.ts';
import { createSleepPolicy, type SleepPolicy } from '../sleep-policy.ts';
import type { GpuProcess } from '../source.ts';
import { createProcessFiller, type ProcessFiller } from '../wddm/pdh.node.ts';
import { openKernelLog, type KernelLog } from '../xid/kernel-log.node.ts';
import { createSleeper, turn, type Sleeper } from './wake-signal.ts';
import { cardOf, type Card } from './cards.ts';
import { normalBusId } from './device.ts';
import { loadLibrary } from './library.node.ts';
import type { NvmlLibrary } from './library.ts';
import { writePlace, type PlaceWriter } from './place.ts';
import { packTick, type FromWorker, type LeftAlone, type ToWorker, type WorkerEvent } from './protocol.ts';
import { createReader, type NvmlReader } from './reader.ts';
import { NVML_LIBRARY_NOT_FOUND, NVML_SUCCESS, returnCode } from './return-codes.ts';

if (!parentPort) throw new Error('the NVML reader runs as a worker thread');
const port = parentPort;
const send = (message: FromWorker) => port.postMessage(message);

const ULONG_BYTES = process.platform === 'win32' ? 4 : 8; // size of C's unsigned long
/** A lost GPU may return after a reset, which NVML notices only when reopened: tried soon, then less and less often. */
const RETRY_LOST = [1, 2.5, 5, 15] as const; // times `patience.reopenMs`

type Start = Extract<ToWorker, { type: 'start' }>;
type Opened = {
  readonly library: NvmlLibrary;
  readonly reader: NvmlReader;
  readonly ring: FrameRing;
  /** names, slots and UUIDs, by position in the list */
  readonly cards: readonly Card[];
  readonly busIds: readonly string[];
  readonly uuids: readonly string[];
  /** the requested cards, joined; undefined: all that the driver lists */
  readonly only: string | undefined;
  readonly listed: number;
};

let start: Start;
let opened: Opened | undefined;
let reopenAtMs = Infinity;
let lastCode = NVML_SUCCESS; // why NVML is not open
let lostRetries = 0;
let tick = 0;
let kernelLog: KernelLog | undefined;
let pci: PciWatch;
let leftAlone: readonly LeftAlone[] = [];
let only: readonly Card[] | undefined; // cards to open
let reassigned = false; // the collector has assigned other cards
let place: PlaceWriter;
let policy: SleepPolicy;
let filler: ProcessFiller;
const busy = new Map<string, boolean>(); // slot → in use in any reading since the sleep policy last ran
let unsent: readonly WorkerEvent[] = []; // events from before NVML was closed
let processes: (readonly GpuProcess[] | undefined)[] = [];

function close(): void {
  if (opened) unsent = [...unsent, ...nvmlEvents(opened)]; // the event that explains a lost GPU must not get lost with it
  opened?.reader.close();
  opened?.library.unload(); // after a driver update the new file must be loaded, not the one in memory
  opened = undefined;
}

/** Opens NVML. @returns 0, or the NVML code that says why it cannot be used */
function open(): number {
  lastCode = tryToOpen();
  reopenAtMs = lastCode === NVML_SUCCESS ? Infinity : clock.monoMs() + start.patience.reopenMs;
  return lastCode;
}

function tryToOpen(): number {
  const loaded = loadLibrary(start.library);
  if (!loaded.ok) {
    send({ type: 'no-library', message: loaded.error.message, next: loaded.error.next });
    return NVML_LIBRARY_NOT_FOUND;
  }
  const library = loaded.value;
  const reader = createReader(library, ULONG_BYTES);
  const { code, gpus } = reader.open(only, { listed: place.listed, opening: (card) => place.enter(card, 0) });
  place.leave();
  const buffer = new SharedArrayBuffer(frameRingSize(gpus.length));
  const ring = layFrameRing(buffer, gpus.length);
  send({ type: 'opened', code, gpus, buffer, ...reader.versions() });
  const cards = gpus.map(({ identity }) => cardOf(identity));
  const busIds = gpus.map(({ identity }) => normalBusId(identity.pciBusId));
  const uuids = gpus.map(({ identity }) => identity.uuid);
  opened = { library, reader, ring, cards, busIds, uuids, only: only?.join(), listed: 0 };
  if (code !== NVML_SUCCESS) close();
  else opened = { ...opened, listed: reader.count() };
  processes = gpus.map(() => undefined);
  return code;
}

/**
 * The cards to keep open now; undefined for all that the driver lists, if no card sleeps or hangs. Sets `leftAlone` for
 * the message of the tick.
 */
function wanted(nowMs: number): readonly Card[] | undefined {
  const states = policy.judge(
    pci.gpus().map(({ busId, asleep, managed }) => {
      const inUse = busy.get(busId);
      return { busId, asleep, managed, idle: inUse === undefined ? undefined : !inUse };
    }),
    nowMs,
  );
  busy.clear();
  leftAlone = [...states].flatMap(([busId, state]) => (state === 'awake' ? [] : [{ busId, state }]));
  if (leftAlone.length === 0) return start.only;
  const alone = new Set(leftAlone.map(({ busId }) => busId));
  return (start.only ?? [...states.keys()]).filter((busId) => !alone.has(busId));
}

/** Whether the GPU has load or a process; undefined if neither is known. */
function isBusy({ ring }: Opened, position: number): boolean | undefined {
  const load = valueOf(blockOf(ring, tick).frames[position]!, 'gpuUtilPct');
  const users = processes[position]?.length;
  return load === undefined && users === undefined ? undefined : (load ?? 0) > 0 || (users ?? 0) > 0;
}

function noteUse(current: Opened, position: number): void {
  const [busId, inUse] = [current.busIds[position]!, isBusy(current, position)];
  if (inUse !== undefined) busy.set(busId, inUse || busy.get(busId) === true);
}

/** Reads all GPUs. @returns 0, or the NVML code that requires reopening */
function read(current: Opened, cadences: readonly Cadence[]): number {
  const { reader, cards } = current;
  const block = blockOf(current.ring, tick);
  let lost = false;
  filler.next();
  for (let position = 0; position < block.frames.length; position++) {
    place.enter(cards[position]!, tick);
    Atomics.store(block.begun, position, tick);
    const code = reader.read(position, cadences, block.frames[position]!);
    if (returnCode(code).library) {
      place.leave();
      return code;
    }
    if (cadences.includes('slow')) {
      const used = valueOf(block.frames[position]!, 'vramUsedBytes');
      processes[position] = code === NVML_SUCCESS ? filler.fill(reader.processes(position), used) : undefined;
    }
    lost ||= code !== NVML_SUCCESS;
    Atomics.store(block.done, position, tick);
    noteUse(current, position);
  }
  place.leave();
  if (!lost) [reopenAtMs, lostRetries] = [Infinity, 0];
  else if (reopenAtMs === Infinity) {
    const times = RETRY_LOST[Math.min(lostRetries++, RETRY_LOST.length - 1)]!;
    reopenAtMs = clock.monoMs() + times * start.patience.reopenMs;
  }
  return NVML_SUCCESS;
}

/** XID errors that NVML reports. */
const nvmlEvents = ({ reader, uuids }: Opened): WorkerEvent[] =>
  reader.events().map(({ position, xid }) => ({ uuid: uuids[position]!, code: xid, tsMs: clock.wallMs() }));

/** On the slow cadence only: finding that there are no events costs more than reading eight GPUs. */
function takeEvents(): WorkerEvent[] {
  const events = [...unsent, ...(opened ? nvmlEvents(opened) : []), ...(kernelLog?.take() ?? [])];
  unsent = [];
  return events;
}

function takeTick(cadences: readonly Cadence[], budget: Budget): number {
  const [tsMs, monoMs] = [clock.wallMs(), clock.monoMs()];
  let code = NVML_SUCCESS;
  const slow = cadences.includes('slow');
  if (cadences.includes('rare')) pci.scan();
  // a GPU that is read cannot fall asleep, so open ones are checked on the slow cadence, the others at every tick
  if (slow || leftAlone.length > 0 || !opened || reassigned) only = wanted(monoMs);
  reassigned = false;
  const allAsleep = only?.length === 0;
  // a GPU fell asleep, woke, or was added: list them again
  const changed =
    opened !== undefined && (opened.only !== only?.join() || (slow && opened.reader.count() !== opened.listed));
  if (changed || monoMs >= reopenAtMs) {
    close();
    reopenAtMs = Infinity; // the other cards must not wait for the moment at which a lost one is tried again
  }
  if (!opened && !allAsleep) code = reopenAtMs === Infinity ? open() : lastCode;
  tick++;
  if (opened) {
    code = read(opened, cadences);
    if (code !== NVML_SUCCESS) {
      close();
      lastCode = code;
      reopenAtMs = monoMs + start.patience.reopenMs;
    }
  }
  const current = opened;
  const tookMs = clock.monoMs() - monoMs;
  const intervalMs = budget.spent(tookMs);
  const extras = {
    ...(slow && current ? { processes, mig: current.busIds.map((_, position) => current.reader.mig(position)) } : {}),
    leftAlone,
    events: slow ? takeEvents() : [],
  };
  send(packTick({ tick, code, tsMs, monoMs, tookMs, intervalMs, ...extras }));
  return intervalMs;
}

let closing = false;
let sleeper: Sleeper | undefined;
let pace: Pace | undefined;
let budget: Budget | undefined;

const SELDOM = ['slow', 'rare'] as const;
type Seldom = (typeof SELDOM)[number];
const readAt: Record<Seldom, number> = { slow: 0, rare: 0 }; // ticks
/** read, but overwritten before the collector copied the tick: read again at the next tick, not in a minute */
const owed = new Set<Seldom>();

async function run(paced: Pace, spending: Budget): Promise<void> {
  for (;;) {
    const due = await paced.next();
    if (closing) return;
    const cadences = owed.size === 0 ? due : [...new Set([...due, ...owed])];
    owed.clear();
    for (const cadence of SELDOM) if (cadences.includes(cadence)) readAt[cadence] = tick + 1;
    const asked = cadences.includes('slow') && start.settings.pcieThroughput;
    paced.setInterval(takeTick(asked ? [...cadences, 'request'] : cadences, spending));
    if (cadences.includes('slow')) await turn();
  }
}

port.on('message', (message: ToWorker) => {
  sleeper?.received();
  switch (message.type) {
    case 'start': {
      start = message;
      const { patience } = start;
      place = writePlace(start.place);
      policy = createSleepPolicy(patience.graceMs);
      pci = watchPciGpus(start.pciDevices);
      filler = createProcessFiller(start.pdh ?? (process.platform === 'win32' ? 'pdh.dll' : undefined));
      only = wanted(clock.monoMs());
      if (only?.length === 0) send({ type: 'all-asleep' });
      else open(); // if it fails, ticks retry until the collector closes this thread
      kernelLog = openKernelLog(start.kernelLog);
      sleeper = createSleeper(start.wakeSignal, clock.monoMs);
      const periods = { slow: patience.slowMs, rare: patience.rareMs };
      pace = createPace({ ...clock, sleep: sleeper.sleep }, start.settings.intervalMs, periods, start.gridMs);
      budget = createBudget(start.settings.intervalMs);
      void run(pace, budget);
      return;
    }
    case 'settings':
      start = { ...start, settings: message.settings };
      pace?.setInterval(message.settings.intervalMs);
      budget?.setInterval(message.settings.intervalMs);
      return;
    case 'sample':
      if (!closing && budget) takeTick(['tick'], budget);
      return;
    case 'cards':
      start = { ...start, only: message.only };
      reassigned = true;
      for (const cadence of SELDOM) owed.add(cadence); // nothing is known yet about cards that are new to this thread
      send({ type: 'cards-assigned' });
      return;
    case 'missed':
      for (const cadence of SELDOM) if (readAt[cadence] === message.tick) owed.add(cadence);
      return;
    case 'close':
      closing = true;
      sleeper?.stop();
      close();
      kernelLog?.close();
      filler.close();
      send({ type: 'closed' });
      port.close(); // if a call was hanging, the collector has stopped waiting, and the thread ends when the call returns
  }
});
