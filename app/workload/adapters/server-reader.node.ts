import { text } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { candidates, type Listening, type LoopbackAddress } from '../programs/listening.node.ts';
import { identityOf } from '../programs/process-facts.node.ts';
import type { ServerProcess } from '../programs/servers.ts';
import type { Adapter, FilesMade, ServerStatus } from './adapter.ts';
import { askLoopback } from './loopback.node.ts';

export type FindPorts = (pid: number) => Promise<Result<Listening>>;

/** Ports of one server that are tried. */
const MOST_PORTS = 8;

/** Why a server has no address, and what can be done. */
function unreachable({ own, inContainer }: Listening): Result<never> {
  if (inContainer) return err('forbidden', text('workload.inContainer'), text('workload.meterItsPort'));
  if (own === undefined) return err('forbidden', text('workload.foreignProgram'), text('workload.meterItsPort'));
  return err('not-ready', text('workload.noPort'));
}

/** Reads the status of one server, on a port where it listens. The port is searched once, as long as its process is the same. */
export function createServerReader(server: ServerProcess, adapter: Adapter, ports: FindPorts, filesMade: FilesMade) {
  const memory = new Map<string, number>();
  let started: string | undefined;
  let address: LoopbackAddress | undefined;

  async function find(loads: boolean): Promise<Result<LoopbackAddress>> {
    const listening = await ports(server.pid);
    if (!listening.ok) return listening;
    const found = candidates(listening.value, server).flatMap((one) => one.address ?? []);
    for (const one of found.slice(0, MOST_PORTS)) {
      if (found.length === 1) return ok(one);
      const status = await adapter.read(askLoopback(one), new Map(), { loads });
      if (status.ok) return ok(one); // otherwise perhaps another of its ports answers
    }
    return unreachable(listening.value);
  }

  return {
    /** identifies the process, which a PID alone does not */
    id: (): string => `${server.pid} ${started ?? ''}`,
    async read(loads: boolean): Promise<Result<ServerStatus>> {
      const now = identityOf(server.pid)?.startedAt;
      if (now !== started) {
        memory.clear();
        address = undefined;
        started = now;
      }
      if (!address) {
        const found = await find(loads);
        if (!found.ok) return found;
        address = found.value;
      }
      const status = await adapter.read(askLoopback(address), memory, { loads, filesMade });
      if (!status.ok) address = undefined;
      return status;
    },
  };
}

export type ServerReader = ReturnType<typeof createServerReader>;
