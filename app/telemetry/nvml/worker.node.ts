// The thread that owns NVML. Calls into the driver may block for seconds or for ever; here they block nobody else. It
// keeps its own grid, so that a tick costs one message, and opens NVML anew by itself when the driver went away.
import { parentPort } from 'node:worker_threads';
import { systemClock as clock } from '../../clock.node.ts';
import type { Cadence } from '../../metrics.ts';
import { frameBlockSize, layFrameBlock, type FrameBlock } from '../frame-block.ts';
import { createPace, type Pace } from '../pace.ts';
import { loadLibrary } from './library.node.ts';
import type { NvmlLibrary } from './library.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { createReader, type NvmlReader } from './reader.ts';
import { NVML_LIBRARY_NOT_FOUND, NVML_SUCCESS, returnCode } from './return-codes.ts';

if (!parentPort) throw new Error('the NVML reader runs as a worker thread');
const port = parentPort;
const say = (message: FromWorker) => port.postMessage(message);

const ULONG_BYTES = process.platform === 'win32' ? 4 : 8; // size of C's unsigned long
const REOPEN_MS = 2_000;
/** A GPU that was lost may be back after a reset, which only a fresh NVML notices. */
const RETRY_LOST_MS = 30_000;

type Opened = { readonly library: NvmlLibrary; readonly reader: NvmlReader; readonly block: FrameBlock };

let override: string | undefined;
let opened: Opened | undefined;
let reopenAtMs = 0;
let tick = 0;

function close(): void {
  opened?.reader.close();
  opened?.library.unload(); // an updated driver brings another file: it must not be found in memory
  opened = undefined;
}

/** Opens NVML. Returns 0, or why it cannot be used. */
function open(): number {
  const loaded = loadLibrary(override);
  if (!loaded.ok) {
    say({ type: 'no-library', message: loaded.error.message, next: loaded.error.next });
    return NVML_LIBRARY_NOT_FOUND;
  }
  const library = loaded.value;
  const reader = createReader(library, ULONG_BYTES);
  const { code, gpus } = reader.open();
  const block = layFrameBlock(new SharedArrayBuffer(frameBlockSize(gpus.length)), gpus.length);
  say({ type: 'opened', code, gpus, buffer: block.buffer as SharedArrayBuffer, ...reader.versions() });
  opened = { library, reader, block };
  if (code !== NVML_SUCCESS) close();
  return code;
}

/** Reads all GPUs. Returns 0, or the code that says NVML must be opened anew. */
function read({ reader, block }: Opened, cadences: readonly Cadence[]): number {
  let lost = false;
  for (let position = 0; position < block.frames.length; position++) {
    Atomics.store(block.begun, position, tick);
    const code = reader.read(position, cadences, block.frames[position]!);
    if (returnCode(code).library) return code;
    lost ||= code !== NVML_SUCCESS;
    Atomics.store(block.done, position, tick);
  }
  if (!lost) reopenAtMs = Infinity;
  else if (reopenAtMs === Infinity) reopenAtMs = clock.monoMs() + RETRY_LOST_MS;
  return NVML_SUCCESS;
}

function takeTick(cadences: readonly Cadence[]): void {
  const [tsMs, monoMs] = [clock.wallMs(), clock.monoMs()];
  let code = NVML_SUCCESS;
  if (monoMs >= reopenAtMs) {
    close();
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
  } else code ||= NVML_LIBRARY_NOT_FOUND;
  const current = opened;
  const processes = cadences.includes('slow')
    ? current?.block.frames.map((_, position) => current.reader.processes(position))
    : undefined;
  say({ type: 'tick', tick, code, tsMs, monoMs, tookMs: clock.monoMs() - monoMs, processes });
}

let closing = false;
let pace: Pace | undefined;

async function run(started: Pace): Promise<void> {
  for (;;) {
    const cadences = await started.next();
    if (closing) return;
    takeTick(cadences);
  }
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start':
      override = message.library;
      reopenAtMs = Infinity;
      if (open() !== NVML_SUCCESS) return; // the one who started it decides what to do instead
      pace = createPace(clock, message.intervalMs);
      void run(pace);
      return;
    case 'interval':
      pace?.setInterval(message.intervalMs);
      return;
    case 'close':
      closing = true;
      close();
      say({ type: 'closed' });
  }
});
