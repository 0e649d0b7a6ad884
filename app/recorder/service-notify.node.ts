import { openLibrary } from '../telemetry/native-library.node.ts';

/** What a service tells its manager: sd_notify(3). */
export type ServiceNotify = {
  /** Sends assignments such as `READY=1`. A manager that does not listen changes nothing. */
  readonly send: (...assignments: readonly string[]) => void;
  /** the manager restarts a service that sent no WATCHDOG=1 for this time, ms; undefined: it has no watchdog */
  readonly watchdogMs: number | undefined;
};

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const LONGEST_ADDRESS = 108; // sun_path, unix(7)

/** A `struct sockaddr_un` for a path, or for a name of the abstract namespace, which NOTIFY_SOCKET writes with an @. */
export function unixAddress(socket: string): Uint8Array | undefined {
  const name = Buffer.from(socket.startsWith('@') ? `\0${socket.slice(1)}` : `${socket}\0`);
  if (!/^[/@]./.test(socket) || name.length > LONGEST_ADDRESS) return undefined;
  const address = new Uint8Array(2 + name.length);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}

/** WATCHDOG_USEC in ms, if it is meant for this process (sd_watchdog_enabled(3)). */
export function watchdogOf(environment: NodeJS.ProcessEnv, pid = process.pid): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: meant } = environment;
  if (meant !== undefined && meant !== String(pid)) return undefined;
  const ms = Number(microseconds) / 1000;
  return ms > 0 ? ms : undefined;
}

/**
 * Opens the socket of the service manager. Without one, `send` does nothing. In this process: a `systemd-notify` per
 * message would be a process every few seconds, and its sender may have ended before the manager looks who it was.
 */
export function openServiceNotify(environment: NodeJS.ProcessEnv = process.env): ServiceNotify {
  const none = { send: () => undefined, watchdogMs: undefined };
  const address = unixAddress(environment['NOTIFY_SOCKET'] ?? '');
  if (process.platform !== 'linux' || !address) return none;
  try {
    const libc = openLibrary('libc.so.6');
    const socket = libc.bind('socket', ['uint', 'uint', 'uint'])!(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    const sendTo = libc.bind('sendto', ['uint', 'out', 'ulonglong', 'uint', 'out', 'uint'])!;
    if (socket < 0) return none;
    return {
      send(...assignments) {
        const message = Buffer.from(assignments.join('\n'));
        sendTo(socket, message, BigInt(message.length), 0, address, address.length);
      },
      watchdogMs: watchdogOf(environment),
    };
  } catch {
    return none; // another C library
  }
}
