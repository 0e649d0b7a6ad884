import { text } from '../../core/i18n.ts';
import { ok, type Result } from '../../core/result.ts';
import type { MeterNote } from '../meter/note.node.ts';
import { candidates, portsOf, type Listening } from '../programs/listening.node.ts';
import { readFacts } from '../programs/process-facts.node.ts';
import type { ServerProcess } from '../programs/servers.ts';
import { adapterOf } from './adapters.ts';
import { sentence, type Adapter, type ServerStatus } from './adapter.ts';
import { combined, type Reading } from './combine.ts';
import type { CounterId } from './ids.ts';
import { createFilesMade } from './made-files.node.ts';
import { claimMeters, type MeterClaim, type ProgramPorts } from './meter-claims.ts';
import { statusFromMeter } from './meter-status.ts';
import type { LedProgram, ProgramStatuses } from './program-status.ts';
import { createProgramTotals } from './program-totals.ts';
import { createServerReader, type FindPorts, type ServerReader } from './server-reader.node.ts';
import { createSessionOutputs } from './session-outputs.ts';

const BUSY_MS = 1_000;
const QUIET_MS = 5_000;
/** A program that cannot be asked may still be starting: the next try comes after this. Its ports are kept as long. */
const FAILED_MS = 15_000;
/** Programs asked at the same time: parsing an answer takes many times its size in memory. */
const MOST_ASKED = 4;
/** Servers of one program that are asked. */
const MOST_SERVERS = 16;

type Followed = {
  program: LedProgram;
  readonly readers: Map<string, ServerReader>;
  readonly totals: ReturnType<typeof createProgramTotals>;
  /** sources of counts that were there at the first reading: what they made before is not of this program's session */
  readonly first: Set<string>;
  ports: { readonly atMs: number; readonly of: ProgramPorts } | undefined;
  status: ServerStatus | undefined;
  failure: string | undefined;
  nextMs: number;
  asking: boolean;
  /** since the last session ended, or since the program was first seen */
  outputs: ReturnType<typeof createSessionOutputs>;
  inSession: boolean;
  countedBy: CounterId;
};

const followedFrom = (program: LedProgram): Followed => ({
  program,
  readers: new Map(),
  totals: createProgramTotals(),
  first: new Set(),
  ports: undefined,
  status: undefined,
  failure: undefined,
  nextMs: 0,
  asking: false,
  outputs: createSessionOutputs(),
  inSession: false,
  countedBy: 'meter',
});

/** Of the process on the card, or of the one that leads it. Undefined: it belongs to another user, or to Windows. */
const workingFolderOf = ({ pids, leader }: LedProgram): string | undefined =>
  [...pids, leader].map((pid) => (pid > 0 ? readFacts(pid, '')?.folder : undefined)).find(Boolean);

/** A meter's counts, with what the program's own servers say about everything else. */
function metered({ note, by }: MeterClaim, own: ServerStatus | undefined): ServerStatus {
  const counted = statusFromMeter(note);
  const running = own?.running ?? counted.running;
  const model = own?.model ?? counted.model;
  return {
    ...counted,
    ...(running !== undefined && { running }),
    ...(own?.waiting !== undefined && { waiting: own.waiting }),
    ...(model && { model }),
    ...(by === 'load' && { note: text('workload.meterByLoad') }),
  };
}

const askable = ({ program }: Followed) =>
  program.servers.slice(0, MOST_SERVERS).flatMap((server) => {
    const adapter = server.adapter && adapterOf(server.adapter);
    return adapter ? [{ server, adapter }] : [];
  });

export type PollerOptions = {
  /** what running meters counted */
  readonly meters?: () => readonly MeterNote[];
  readonly wallMs: () => number;
  readonly ports?: FindPorts;
  /** how often it looks which programs to ask */
  readonly everyMs?: number;
};

/**
 * Asks the programs on the cards for their status, each server of theirs on a port where it listens. It never delays a
 * tick. A program that fails or sends an unknown form gets a note, and is asked again later.
 */
export function createPoller({
  wallMs,
  meters = () => [],
  ports = portsOf,
  everyMs = 500,
}: PollerOptions): ProgramStatuses {
  const followed = new Map<string, Followed>();
  /** PIDs of meters that were found by load */
  const byLoad = new Map<string, number>();

  async function portsOfProgram({ program }: Followed): Promise<ProgramPorts> {
    const exact = new Set<number>();
    const possible = new Set<number>();
    const add = (listening: Listening, hints: { named?: number; usual?: number }): void => {
      for (const { port, address } of candidates(listening, hints))
        (address ? exact : possible).add(address?.port ?? port);
      for (const { port, address } of listening.ofUser) if (!listening.own) possible.add(address?.port ?? port);
    };
    const pids = new Set([...program.servers.map(({ pid }) => pid), ...program.pids]);
    for (const pid of [...pids].filter((one) => one > 0)) {
      const listening = await ports(pid);
      if (!listening.ok) continue;
      add(listening.value, {});
      const server = program.servers.find((one) => one.pid === pid);
      if (server) add(listening.value, server);
    }
    return { key: program.key, loads: program.loads, exact, possible };
  }

  /** The meter in front of a program. */
  async function meterOf(entry: Followed): Promise<MeterClaim | undefined> {
    const notes = meters();
    if (notes.length === 0) return undefined;
    const nowMs = performance.now();
    for (const one of followed.values()) {
      if (one.ports && nowMs - one.ports.atMs < FAILED_MS) continue;
      one.ports = { atMs: nowMs, of: await portsOfProgram(one) };
    }
    const all = [...followed.values()].flatMap(({ ports: known, program: { loads } }) =>
      known ? [{ ...known.of, loads }] : [],
    );
    const claim = claimMeters(all, notes, byLoad).get(entry.program.key);
    if (claim?.by === 'load') byLoad.set(entry.program.key, claim.note.pid);
    else byLoad.delete(entry.program.key);
    return claim;
  }

  const readerOf = ({ program }: Followed, server: ServerProcess, adapter: Adapter): ServerReader =>
    createServerReader(server, adapter, ports, createFilesMade(workingFolderOf(program)));

  async function readingsOf(entry: Followed): Promise<readonly Reading[]> {
    const asked = askable(entry).map(({ server, adapter }) => {
      const key = `${server.pid} ${server.adapter}`;
      const reader = entry.readers.get(key) ?? readerOf(entry, server, adapter);
      entry.readers.set(key, reader);
      return { server, reader, key };
    });
    for (const key of entry.readers.keys()) if (!asked.some((one) => one.key === key)) entry.readers.delete(key);
    return Promise.all(
      asked.map(async ({ server, reader }) => {
        const result = await reader.read(entry.program.loads);
        return { server, id: reader.id(), result };
      }),
    );
  }

  /** The status from the program's servers, with the counts of a meter in front of it if they do not count, or not all. */
  async function statusOf(entry: Followed): Promise<Result<ServerStatus> | undefined> {
    const claim = await meterOf(entry);
    const readings = await readingsOf(entry);
    const own = combined(readings, entry.program.leader);
    const metering = claim !== undefined && (!own?.made || own.atLeast === true);
    const beginning = entry.status === undefined && entry.first.size === 0;
    const count = (id: string, status: ServerStatus, counts: boolean): void => {
      if (beginning) entry.first.add(id);
      if (counts) entry.totals.add(id, status, beginning || !entry.first.has(id) ? 'zero' : 'here');
      else entry.totals.pass(id, status);
    };
    for (const { id, result } of readings)
      if (result.ok) count(id, result.value, !metering);
      else if (beginning) entry.first.add(id);
    if (claim) count(`meter ${claim.note.pid}`, statusFromMeter(claim.note), metering);
    if (metering) {
      entry.countedBy = 'meter';
      return ok(entry.totals.within(metered(claim, own)));
    }
    const counting = readings.find(({ result }) => result.ok && result.value.made) ?? readings[0];
    entry.countedBy = counting?.server.adapter ?? 'meter';
    return own ? ok(entry.totals.within(own)) : readings[0]?.result;
  }

  async function update(entry: Followed): Promise<void> {
    const status = await statusOf(entry);
    if (!status) {
      entry.nextMs = performance.now() + QUIET_MS; // neither an adapter nor, as yet, a meter
      return;
    }
    if (!status.ok) {
      entry.status = undefined;
      entry.failure = sentence(status.error);
      entry.nextMs = performance.now() + FAILED_MS;
      return;
    }
    // a model that is reported only now and then stays
    entry.status = { ...(entry.status?.model && { model: entry.status.model }), ...status.value };
    entry.failure = undefined;
    entry.nextMs = performance.now() + (status.value.running || entry.program.loads ? BUSY_MS : QUIET_MS);
    entry.outputs.add(status.value, wallMs());
  }

  let asked = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (const entry of followed.values()) {
      if (asked >= MOST_ASKED) return;
      if (entry.asking || now < entry.nextMs) continue;
      entry.asking = true;
      asked++;
      void update(entry).finally(() => {
        entry.asking = false;
        asked--;
      });
    }
  }, everyMs);
  timer.unref();

  return {
    of(key) {
      const entry = followed.get(key);
      if (!entry) return undefined;
      const { status, failure, countedBy, inSession } = entry;
      const note = failure ?? status?.note;
      return {
        ...(status?.running !== undefined && { running: status.running }),
        ...(status?.made && { made: [status.made, ...(status.also ?? [])].reduce((sum, { count }) => sum + count, 0) }),
        ...(status?.model && { model: status.model }),
        ...(inSession && { outputs: entry.outputs.outputs(countedBy, failure !== undefined) }),
        ...(note && { note }),
      };
    },
    follow(programs) {
      const keys = new Set(programs.map(({ key }) => key));
      for (const [key, entry] of followed) if (!keys.has(key) && !entry.inSession) followed.delete(key);
      for (const program of programs) {
        const asks = program.servers.some(({ adapter }) => adapter && adapterOf(adapter));
        if (!asks && !program.loads && meters().length === 0) continue;
        const before = followed.get(program.key);
        if (before) before.program = program;
        else followed.set(program.key, followedFrom(program));
      }
    },
    begin(key, startedMs) {
      const entry = followed.get(key);
      if (!entry) return;
      entry.inSession = true;
      entry.outputs.beginAt(startedMs);
    },
    end(key) {
      const entry = followed.get(key);
      if (!entry?.inSession) return {};
      const { outputs: session, countedBy, failure } = entry;
      entry.inSession = false;
      entry.outputs = createSessionOutputs();
      if (entry.status) entry.outputs.add({ ...entry.status, atLeast: false }, wallMs()); // the next one counts from here
      const outputs = session.outputs(countedBy, failure !== undefined);
      if (!outputs) return {};
      const marks = session.marks();
      return { outputs, ...(marks && { marks }) };
    },
    stop: () => clearInterval(timer),
  };
}
