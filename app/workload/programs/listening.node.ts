import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { text } from '../../core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
import { localAddresses, publishedPorts } from './containers.node.ts';

/** Where a server on this machine can be reached. */
export type LoopbackAddress = { readonly host: '127.0.0.1' | '::1'; readonly port: number };

/** A port on which a process listens. */
export type Endpoint = {
  readonly port: number;
  /** where it is reached from here; undefined: its port in a container is not published, as far as can be seen */
  readonly address?: LoopbackAddress;
};

export type Listening = {
  /** its own sockets; undefined: they cannot be read, because it belongs to another user */
  readonly own: readonly Endpoint[] | undefined;
  /** those of its user, in the same network: its own are among them */
  readonly ofUser: readonly Endpoint[];
  /** its network is not ours */
  readonly inContainer: boolean;
};

type Socket = { readonly address: LoopbackAddress; readonly inode: string; readonly uid: number };

const LISTEN = '0A'; // TCP_LISTEN, include/net/tcp_states.h
const execute = promisify(execFile);

/** Each listening socket in a table of /proc/PID/net/tcp or tcp6 that loopback reaches (proc_net_tcp.txt). */
export function listeningSockets(table: string): Socket[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [hexAddress, hexPort] = (fields[1] ?? '').split(':');
      if (fields[3] !== LISTEN || !hexAddress || !hexPort) return [];
      const host = loopbackOf(hexAddress);
      const address = host && { host, port: parseInt(hexPort, 16) };
      return address ? [{ address, uid: Number(fields[7]), inode: fields[9]! }] : [];
    });
}

/** The loopback address that reaches the kernel's hexadecimal address (32-bit words in host order), if one does. */
function loopbackOf(hex: string): LoopbackAddress['host'] | undefined {
  if (/^(0{8}|[0-9A-F]{6}7F)$/.test(hex)) return '127.0.0.1';
  if (/^0{32}$/.test(hex) || hex === '0000000000000000FFFF00000100007F') return '127.0.0.1';
  return hex === '00000000000000000000000001000000' ? '::1' : undefined;
}

/** The listening sockets of a process's network. All users may read them. */
const socketsNear = (pid: number | 'self'): readonly Socket[] =>
  ['tcp', 'tcp6'].flatMap((table) => {
    try {
      return listeningSockets(fs.readFileSync(`/proc/${pid}/net/${table}`, 'latin1'));
    } catch (thrown) {
      if (table === 'tcp6') return []; // a system without IPv6
      throw thrown;
    }
  });

/** Inodes of the sockets that a process has open; undefined: it belongs to another user. */
function ownInodes(pid: number): ReadonlySet<string> | undefined {
  try {
    return new Set(
      fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
        } catch {
          return []; // closed since it was listed
        }
      }),
    );
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return undefined;
    throw thrown;
  }
}

/** The effective user of a process, which all users may read (proc(5), "Uid:"). */
const userOf = (pid: number): number =>
  Number(/^Uid:\s+\d+\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);

/** How a container's port is reached from here. */
function publishedFor(pid: number): (port: number) => LoopbackAddress | undefined {
  const addresses = localAddresses(fs.readFileSync(`/proc/${pid}/net/fib_trie`, 'latin1'));
  const published = publishedPorts().filter(({ address }) => addresses.has(address));
  return (port) => {
    const found = published.find((one) => one.port === port);
    return found && { host: '127.0.0.1', port: found.hostPort };
  };
}

function endpointsOf(sockets: readonly Socket[], reached: (socket: Socket) => LoopbackAddress | undefined): Endpoint[] {
  const found = new Map<number, Endpoint>();
  for (const socket of sockets) {
    const { port } = socket.address;
    const address = reached(socket);
    if (!found.get(port)?.address) found.set(port, { port, ...(address && { address }) });
  }
  return [...found.values()];
}

function linuxPorts(pid: number): Result<Listening> {
  try {
    const inodes = ownInodes(pid);
    const near = socketsNear(pid);
    const here = new Set(socketsNear('self').map(({ inode }) => inode));
    // a socket belongs to one network, so its number in the table of this process means that both have the same
    const inContainer = near.length > 0 && !near.some(({ inode }) => here.has(inode));
    const published = inContainer ? publishedFor(pid) : undefined;
    const reached = ({ address }: Socket) => (published ? published(address.port) : address);
    const user = userOf(pid);
    return ok({
      own:
        inodes &&
        endpointsOf(
          near.filter(({ inode }) => inodes.has(inode)),
          reached,
        ),
      ofUser: endpointsOf(
        near.filter(({ uid }) => uid === user),
        reached,
      ),
      inContainer,
    });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return err('not-found', text('workload.programEnded'));
    return err('internal', text('workload.portsUnreadable', { pid, cause: messageOf(thrown) }));
  }
}

async function windowsPorts(pid: number): Promise<Result<Listening>> {
  const query = `Get-NetTCPConnection -State Listen -OwningProcess ${pid} | ForEach-Object { "$($_.LocalAddress) $($_.LocalPort)" }`;
  try {
    const { stdout } = await execute('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query], {
      windowsHide: true,
      timeout: 10_000,
    });
    const own = stdout.split(/\r?\n/).flatMap((line): Endpoint[] => {
      const [address = '', port] = line.trim().split(' ');
      const host = address === '::1' ? '::1' : '127.0.0.1';
      if (!['0.0.0.0', '::', '127.0.0.1', '::1'].includes(address)) return [];
      return [{ port: Number(port), address: { host, port: Number(port) } }];
    });
    return ok({ own, ofUser: own, inContainer: false });
  } catch (thrown) {
    return err('internal', text('workload.portsUnreadable', { pid, cause: messageOf(thrown) }));
  }
}

/** The ports on which a process listens. */
export const portsOf = async (pid: number): Promise<Result<Listening>> =>
  process.platform === 'win32' ? windowsPorts(pid) : linuxPorts(pid);

/**
 * Where a server is looked for: the port that its command line names, if a socket of its user has it; else its own sockets; else,
 * where those cannot be read, its usual port, if a socket of its user has it. Servers of other programs are never asked.
 */
export function candidates(
  { own, ofUser }: Listening,
  { named, usual }: { readonly named?: number; readonly usual?: number },
): readonly Endpoint[] {
  const byName = ofUser.filter(({ port }) => port === named);
  if (byName.length > 0) return byName;
  const found = own ?? (named === undefined ? ofUser.filter(({ port }) => port === usual) : []);
  return found.toSorted((a, b) => Number(b.port === usual) - Number(a.port === usual));
}
