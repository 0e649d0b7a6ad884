import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { text } from '../../core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';

/** Where a server on this machine can be reached. */
export type LoopbackAddress = { readonly host: '127.0.0.1' | '::1'; readonly port: number };

const LISTEN = '0A'; // TCP_LISTEN, include/net/tcp_states.h
const execute = promisify(execFile);

/** Local address and inode of each listening socket in a table of /proc/PID/net/tcp or tcp6 (proc(5)). */
export function listeningSockets(table: string): { readonly address: LoopbackAddress; readonly inode: string }[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [hexAddress, hexPort] = (fields[1] ?? '').split(':');
      if (fields[3] !== LISTEN || !hexAddress || !hexPort) return [];
      const host = loopbackOf(hexAddress);
      return host ? [{ address: { host, port: parseInt(hexPort, 16) }, inode: fields[9]! }] : [];
    });
}

/** The loopback address that reaches the kernel's hexadecimal address (32-bit words in host order), if one does. */
function loopbackOf(hex: string): LoopbackAddress['host'] | undefined {
  if (/^(0{8}|[0-9A-F]{6}7F)$/.test(hex)) return '127.0.0.1';
  if (/^0{32}$/.test(hex) || hex === '0000000000000000FFFF00000100007F') return '127.0.0.1';
  return hex === '00000000000000000000000001000000' ? '::1' : undefined;
}

function linuxPorts(pid: number): Result<readonly LoopbackAddress[]> {
  try {
    if (fs.readlinkSync(`/proc/${pid}/ns/net`) !== fs.readlinkSync('/proc/self/ns/net')) {
      return err('forbidden', text('workload.inContainer'), text('workload.meterItsPort'));
    }
    const inodes = new Set(
      fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
        } catch {
          return []; // closed since it was listed
        }
      }),
    );
    const found = new Map<string, LoopbackAddress>();
    for (const table of ['tcp', 'tcp6']) {
      for (const { address, inode } of listeningSockets(fs.readFileSync(`/proc/${pid}/net/${table}`, 'latin1')))
        if (inodes.has(inode)) found.set(`${address.host}:${address.port}`, address);
    }
    return ok([...found.values()]);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return err('forbidden', text('workload.foreignProgram'));
    if (code === 'ENOENT' || code === 'ESRCH') return err('not-found', text('workload.programEnded'));
    return err('internal', text('workload.portsUnreadable', { pid, cause: messageOf(thrown) }));
  }
}

async function windowsPorts(pid: number): Promise<Result<readonly LoopbackAddress[]>> {
  const query = `Get-NetTCPConnection -State Listen -OwningProcess ${pid} | ForEach-Object { "$($_.LocalAddress) $($_.LocalPort)" }`;
  try {
    const { stdout } = await execute('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query], {
      windowsHide: true,
      timeout: 10_000,
    });
    return ok(
      stdout.split(/\r?\n/).flatMap((line): LoopbackAddress[] => {
        const [address, port] = line.trim().split(' ');
        if (address === '::1') return [{ host: '::1', port: Number(port) }];
        return ['0.0.0.0', '::', '127.0.0.1'].includes(address ?? '')
          ? [{ host: '127.0.0.1', port: Number(port) }]
          : [];
      }),
    );
  } catch (thrown) {
    return err('internal', text('workload.portsUnreadable', { pid, cause: messageOf(thrown) }));
  }
}

/** Loopback addresses on which a process itself listens. Servers of other processes are never asked. */
export const portsOf = async (pid: number): Promise<Result<readonly LoopbackAddress[]>> =>
  process.platform === 'win32' ? windowsPorts(pid) : linuxPorts(pid);
