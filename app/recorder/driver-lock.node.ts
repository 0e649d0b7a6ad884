import fs from 'node:fs';
import net from 'node:net';
import { createHash } from 'node:crypto';
import { text } from '../core/i18n.ts';
import { recorderKinds, type RecorderKind } from '../core/recorder-kinds.ts';
import { err, ok, type Result } from '../core/result.ts';
import { z } from '../core/zod.ts';
import { createLineReader } from './socket/lines.node.ts';
import { systemFolder } from './socket/places.node.ts';
import { scopes, type Scope } from './socket/wire.ts';

const holderSchema = z.object({ pid: z.int(), scope: z.enum(scopes), startedBy: z.enum(recorderKinds) });
/** Who reads the driver of this machine now. */
export type Holder = Readonly<z.infer<typeof holderSchema>>;

export type DriverLock = { readonly release: () => void };

const LONGEST_LINE = 1024;
const ANSWER_MS = 1_000;
const MOST_ASKING = 16;
const YIELD = 'yield';

/**
 * The name by which recorders of one machine find each other: an abstract Unix socket on Linux, a pipe on Windows. It is no
 * file: it needs no rights, nothing cleans it up, every user sees it, and the system removes it with its process, however
 * that ends. It is visible within one network namespace, so a container with a separate one is a separate machine.
 * Undefined: this system has no NVIDIA driver to share.
 */
export function lockName(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (process.platform === 'win32') return '\\\\.\\pipe\\slowburn-driver';
  if (process.platform !== 'linux') return undefined;
  const folder = systemFolder(environment);
  const short = folder.length < 80 ? folder : createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return `\0slowburn:${short}:driver`;
}

/** The machine's recorder is there, or is being started: only root can make its folder, and systemd removes it with it. */
function systemIsThere(): boolean {
  const stat = fs.lstatSync(systemFolder(), { throwIfNoEntry: false });
  return stat?.isDirectory() === true && (stat.mode & 0o022) === 0;
}

/** Tells who holds the lock, and hears the machine's recorder ask for it. */
function serve(own: Holder, onYield: () => void) {
  return net.createServer((socket) => {
    socket.unref();
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    const onLine = (line: string): void => {
      if (line === YIELD && own.scope === 'user' && systemIsThere()) onYield();
      socket.destroy();
    };
    socket.on(
      'data',
      createLineReader(LONGEST_LINE, onLine, () => socket.destroy()),
    );
    socket.write(`${JSON.stringify(own)}\n`);
  });
}

/** Asks the holder who it is, and perhaps to release the lock. Undefined: there is none any more, or it does not answer. */
function askHolder(name: string, request?: typeof YIELD): Promise<Holder | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(name);
    const done = (holder?: Holder): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(holder);
    };
    const timer = setTimeout(done, ANSWER_MS);
    socket.on('error', () => done());
    socket.on('close', () => done());
    const onLine = (line: string): void => {
      let holder: Holder | undefined;
      try {
        holder = holderSchema.safeParse(JSON.parse(line)).data;
      } catch {
        // something else has the name
      }
      if (request === undefined) return done(holder);
      socket.write(`${request}\n`, () => done(holder));
    };
    socket.on('data', createLineReader(LONGEST_LINE, onLine, done));
  });
}

function listen(server: net.Server, name: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(name, () => resolve(undefined));
  });
}

/** Asks the recorder that holds the lock to release it. It does so for the machine's recorder alone. */
export async function askToYield(): Promise<void> {
  const name = lockName();
  if (name !== undefined) await askHolder(name, YIELD);
}

/**
 * Takes the machine's lock on the driver.
 * @param onYield the machine's recorder wants to read: this recorder releases the lock, and attaches to it
 * @returns `busy` with the holder in words, if another recorder reads
 */
export async function lockDriver(
  scope: Scope,
  startedBy: RecorderKind,
  onYield: () => void,
): Promise<Result<DriverLock>> {
  const name = lockName();
  if (name === undefined) return ok({ release: () => undefined });
  const server = serve({ pid: process.pid, scope, startedBy }, onYield);
  const failed = await listen(server, name);
  if (!failed) {
    server.on('error', () => undefined);
    server.maxConnections = MOST_ASKING;
    server.unref();
    return ok({ release: () => void server.close() });
  }
  // a system without abstract sockets has no lock, and records
  if (failed.code !== 'EADDRINUSE') return ok({ release: () => undefined });
  const holder = await askHolder(name);
  const by = holder && text(`cli.recorderStatus.startedBy.${holder.startedBy}`);
  const who = holder ? text('driver.holder', { by: by!, pid: holder.pid }) : text('driver.unknownHolder');
  return err('busy', text('driver.busy', { who }), text('driver.busyNext'));
}
