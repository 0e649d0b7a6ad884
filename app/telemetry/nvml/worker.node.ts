// The thread that owns NVML. Calls into the driver may block for seconds or for ever; here they block nobody else.
import { parentPort } from 'node:worker_threads';
import { createFrameBlock, frameBlockSize, type FrameBlock } from '../frame-block.ts';
import { loadLibrary } from './library.node.ts';
import type { NvmlLibrary } from './library.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { createReader, type NvmlReader } from './reader.ts';

if (!parentPort) throw new Error('the NVML reader runs as a worker thread');
const port = parentPort;
const answer = (message: FromWorker) => port.postMessage(message);
const ULONG_BYTES = process.platform === 'win32' ? 4 : 8; // size of C's unsigned long

let library: NvmlLibrary | undefined;
let reader: NvmlReader | undefined;
let block: FrameBlock | undefined;

function open(override: string | undefined): void {
  const loaded = loadLibrary(override);
  if (!loaded.ok) {
    return answer({ type: 'no-library', message: loaded.error.message, next: loaded.error.next });
  }
  library = loaded.value;
  reader = createReader(library, ULONG_BYTES);
  const { code, gpus } = reader.open();
  block = createFrameBlock(new SharedArrayBuffer(frameBlockSize(gpus.length)), gpus.length);
  answer({ type: 'opened', code, gpus, buffer: block.buffer, ...reader.versions() });
}

function read(message: Extract<ToWorker, { type: 'read' }>): void {
  if (!reader || !block) return;
  let code = 0;
  for (let position = 0; position < block.frames.length && code === 0; position++) {
    code = reader.read(position, message.cadences, block.frames[position]!);
    if (code === 0) Atomics.store(block.done, position, message.tick);
  }
  const slow = code === 0 && message.cadences.includes('slow');
  const processes = slow ? block.frames.map((_, position) => reader!.processes(position)) : [];
  answer({ type: 'done', tick: message.tick, code, processes });
}

function close(): void {
  reader?.close();
  library?.unload();
  reader = library = block = undefined;
  answer({ type: 'closed' });
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'open') open(message.library);
  else if (message.type === 'read') read(message);
  else close();
});
