import fs from 'node:fs';

/** A UDP socket, or a TCP socket that a process connected itself. Addresses as `127.0.0.1:9`. */
export type OutgoingSocket = { readonly protocol: string; readonly local: string; readonly remote: string };

/** An address of /proc/net: 32-bit words in the processor's order, then the port. */
function address(hex: string): string {
  const [host = '', port = ''] = hex.split(':');
  const words = host.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => word.match(/../g)!.reverse());
  const dotted = (last: readonly string[]): string => last.map((byte) => parseInt(byte, 16)).join('.');
  const mapped = /^0{20}ffff$/i.test(bytes.slice(0, 10).join('') + bytes.slice(10, 12).join(''));
  return `${bytes.length === 4 || mapped ? dotted(bytes.slice(-4)) : bytes.join('')}:${parseInt(port, 16)}`;
}

const LISTEN = '0A';

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // the process has ended
  }
}

function inodesOf(pid: number): Set<string> {
  const inodes = new Set<string>();
  let names: string[] = [];
  try {
    names = fs.readdirSync(`/proc/${pid}/fd`);
  } catch {
    return inodes;
  }
  for (const name of names) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode) inodes.add(inode);
    } catch {
      continue; // closed meanwhile
    }
  }
  return inodes;
}

/** A process and all its descendants. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/**
 * The IP sockets of a process tree by which something could leave, from the kernel's tables (proc_net(5)). Left out are
 * listening sockets and the connections they accepted: a debugger's.
 */
export function outgoingSockets(root: number): OutgoingSocket[] {
  const found: OutgoingSocket[] = [];
  for (const pid of processTree(root)) {
    const own = inodesOf(pid);
    for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6']) {
      const rows = read(`/proc/${pid}/net/${protocol}`)
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .map(([, local = '', remote = '', state = '', , , , , , inode = '']) => ({ local, remote, state, inode }));
      const portOf = (address: string): string => address.split(':')[1] ?? '';
      const listening = new Set(rows.filter(({ state }) => state === LISTEN).map(({ local }) => portOf(local)));
      for (const { local, remote, inode } of rows) {
        if (!own.has(inode) || (protocol.startsWith('tcp') && listening.has(portOf(local)))) continue;
        found.push({ protocol, local: address(local), remote: address(remote) });
      }
    }
  }
  return found;
}

/** Looks at a process tree's sockets twenty times a second until it is stopped. Answers all that were ever open. */
export function watchSockets(root: number): () => OutgoingSocket[] {
  const seen = new Map<string, OutgoingSocket>();
  const timer = setInterval(() => {
    for (const socket of outgoingSockets(root)) seen.set(Object.values(socket).join(' '), socket);
  }, 50);
  return () => {
    clearInterval(timer);
    return [...seen.values()];
  };
}
