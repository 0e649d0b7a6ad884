import { text } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { MeterNote } from '../meter/note.node.ts';
import { portsOf, type LoopbackAddress } from '../programs/listening.node.ts';
import { identityOf, readFacts } from '../programs/process-facts.node.ts';
import { adapterOf } from './adapters.ts';
import type { Adapter, FilesMade, ServerStatus } from './adapter.ts';
import type { CounterId } from './ids.ts';
import { askLoopback } from './loopback.node.ts';
import { createFilesMade } from './made-files.node.ts';
import { statusFromMeter } from './meter-status.ts';
import type { LedProgram, ProgramStatuses } from './program-status.ts';
import { createSessionOutputs } from './session-outputs.ts';

const BUSY_MS = 1_000;
const QUIET_MS = 5_000;
/** A program that cannot be asked may still be starting: the next try comes after this. */
const FAILED_MS = 15_000;
/** Programs asked at the same time: parsing an answer takes many times its size in memory. */
const MOST_ASKED = 4;
/** Ports of one program that are tried. */
const MOST_PORTS = 8;

type Followed = {
  program: LedProgram;
  /** undefined: a program without an adapter that may be behind a meter */
  readonly adapter: Adapter | undefined;
  readonly memory: Map<string, number>;
  readonly filesMade: FilesMade;
  address: LoopbackAddress | undefined;
  leaderStarted: string | undefined;
  status: ServerStatus | undefined;
  failure: string | undefined;
  nextMs: number;
  asking: boolean;
  /** since the last session ended, or since the program was first seen */
  outputs: ReturnType<typeof createSessionOutputs>;
  inSession: boolean;
  countedBy: CounterId;
};

/** Of the process on the card, or of the one that leads it. Undefined: it belongs to another user, or to Windows. */
const workingFolderOf = ({ pids, leader }: LedProgram): string | undefined =>
  [...pids, leader].map((pid) => (pid > 0 ? readFacts(pid, '')?.folder : undefined)).find(Boolean);

const followedFrom = (program: LedProgram, adapter: Adapter | undefined): Followed => ({
  program,
  adapter,
  memory: new Map(),
  filesMade: createFilesMade(workingFolderOf(program)),
  address: undefined,
  leaderStarted: undefined,
  status: undefined,
  failure: undefined,
  nextMs: 0,
  asking: false,
  outputs: createSessionOutputs(),
  inSession: false,
  countedBy: 'meter',
});

export type PollerOptions = {
  /** what running meters counted */
  readonly meters?: () => readonly MeterNote[];
  readonly wallMs: () => number;
  readonly ports?: (pid: number) => Promise<Result<readonly LoopbackAddress[]>>;
  /** how often it looks which programs to ask */
  readonly everyMs?: number;
};

/**
 * Asks the programs on the cards for their status, each on a port where its own processes listen. It never delays a
 * tick. A program that fails or sends an unknown form gets a note, and is asked again later.
 */
export function createPoller({
  wallMs,
  meters = () => [],
  ports = portsOf,
  everyMs = 500,
}: PollerOptions): ProgramStatuses {
  const followed = new Map<string, Followed>();

  async function listening({ program }: Followed) {
    let failure: Result<LoopbackAddress> | undefined;
    const found: LoopbackAddress[] = [];
    for (const pid of new Set([program.leader, ...program.pids].filter((one) => one > 0))) {
      const open = await ports(pid);
      if (open.ok) found.push(...open.value);
      else failure ??= open;
    }
    return { found, failure };
  }

  /** The meter in front of a program, by its port. Where no processes are listed: the only meter that runs. */
  async function meterOf(entry: Followed): Promise<MeterNote | undefined> {
    const notes = meters();
    if (notes.length === 0) return undefined;
    if (entry.program.pids.length === 0) return notes.length === 1 ? notes[0] : undefined;
    const { found } = await listening(entry);
    return notes.find(({ upstreamPort }) => found.some(({ port }) => port === upstreamPort));
  }

  /** The status from the program, with the counts of a meter in front of it if the program does not count. */
  async function statusOf(entry: Followed): Promise<Result<ServerStatus> | undefined> {
    const { adapter, program } = entry;
    const note = await meterOf(entry);
    entry.countedBy = (adapter && program.match?.adapter) ?? 'meter';
    const metered = note && statusFromMeter(note);
    if (!adapter) return metered && ok(metered);
    const address = await addressOf(entry, adapter);
    const status = address.ok ? await adapter.read(askLoopback(address.value), entry.memory, entry.filesMade) : address;
    if (!metered || (status.ok && status.value.made)) return status;
    entry.countedBy = 'meter';
    return ok({ ...metered, ...(status.ok && { ...status.value, note: undefined }) });
  }

  /** The address of the program. It is searched once, as long as the leading process is the same. */
  async function addressOf(entry: Followed, adapter: Adapter): Promise<Result<LoopbackAddress>> {
    const { leader, match } = entry.program;
    const started = identityOf(leader)?.startedAt;
    if (entry.address && started === entry.leaderStarted) return ok(entry.address);
    entry.address = undefined;
    const { found, failure } = await listening(entry);
    const candidates = [...found].sort((a, b) => Number(b.port === match?.port) - Number(a.port === match?.port));
    for (const address of candidates.slice(0, MOST_PORTS)) {
      const status = await adapter.read(askLoopback(address), new Map());
      if (!status.ok && candidates.length > 1) continue; // perhaps another of its ports answers
      entry.address = address;
      entry.leaderStarted = started;
      return ok(address);
    }
    return failure ?? err('not-found', text('workload.noPort'));
  }

  async function update(entry: Followed): Promise<void> {
    const status = await statusOf(entry);
    if (!status) {
      entry.nextMs = performance.now() + QUIET_MS; // neither an adapter nor, as yet, a meter
      return;
    }
    if (!status.ok) {
      entry.status = undefined;
      entry.failure = [status.error.message, status.error.next].filter(Boolean).join(' ');
      entry.address = undefined;
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
        const adapter = program.match?.adapter && adapterOf(program.match.adapter);
        if (!adapter && !program.loads && meters().length === 0) continue;
        const before = followed.get(program.key);
        if (before) before.program = program;
        else followed.set(program.key, followedFrom(program, adapter));
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
