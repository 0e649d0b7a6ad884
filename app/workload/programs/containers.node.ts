import fs from 'node:fs';

/** A port of a container that Docker publishes on this machine. */
type PublishedPort = { readonly hostPort: number; readonly address: string; readonly port: number };

/** Docker runs one `docker-proxy` per published port, and its options say which (moby, portmapper/proxy_linux.go). */
export function publishedPort(command: readonly string[]): PublishedPort | undefined {
  if (command[0]?.split('/').at(-1) !== 'docker-proxy') return undefined;
  const option = (name: string): string => command[command.indexOf(name) + 1] ?? '';
  const [hostPort, port] = [Number(option('-host-port')), Number(option('-container-port'))];
  const address = option('-container-ip');
  if (option('-proto') !== 'tcp' || !(hostPort > 0 && port > 0) || address === '') return undefined;
  return { hostPort, address, port };
}

/** All ports that Docker publishes: command lines of all users can be read. */
export function publishedPorts(): readonly PublishedPort[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return publishedPort(fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')) ?? [];
    } catch {
      return []; // it has ended
    }
  });
}

/** A network's own addresses, from the kernel's table of routes /proc/PID/net/fib_trie: each is in the line before its `/32 host LOCAL`. */
export function localAddresses(table: string): ReadonlySet<string> {
  const found = new Set<string>();
  let address = '';
  for (const line of table.split('\n')) {
    address = /\|-- (\d+\.\d+\.\d+\.\d+)$/.exec(line)?.[1] ?? address;
    if (line.trimEnd().endsWith('/32 host LOCAL')) found.add(address);
  }
  return found;
}
