import type { Result } from '../../core/result.ts';
import type { Program } from '../programs/programs.ts';
import { portsOf, type LoopbackAddress } from '../programs/listening.node.ts';
import { shortModel } from '../programs/match.ts';
import type { MeterNote } from '../meter/note.node.ts';
import type { CounterId } from './ids.ts';
import type { Outputs } from '../sessions/schema.ts';
import { createTally, type Marks } from './outputs.ts';
import { identityOf } from '../programs/process-facts.node.ts';
import type { ProgramStatuses } from './program-status.ts';
import type { Adapter, Reading } from './adapter.ts';
import { adapterOf } from './index.ts';
import { askLoopback } from './loopback.node.ts';

const BUSY_MS = 1_000;
const QUIET_MS = 5_000;
/** A program that cannot be read is asked again after this: it may still be starting. */
const FAILED_MS = 15_000;
/** Programs asked at once: reading an answer takes many times its size in memory. */
const MOST_ASKED = 4;
/** Marks of tokens would be as many as there are looks; images are few. */
const MARKED = new Set(['image', 'file', 'line']);

type Followed = {
  program: Program & { readonly leader: number };
  /** undefined: a program that tells nothing, but stands behind a meter */
  readonly adapter: Adapter | undefined;
  readonly memory: Map<string, number>;
  address: LoopbackAddress | undefined;
  leaderStarted: string | undefined;
  reading: Reading | undefined;
  failure: string | undefined;
  nextMs: number;
  asking: boolean;
  /** what came since the last session ended, or since it was first seen */
  session: Session;
  inSession: boolean;
  countedBy: CounterId | undefined;
};
type Session = {
  readonly tally: ReturnType<typeof createTally>;
  readonly prompt: ReturnType<typeof createTally>;
  unit: Outputs['unit'] | undefined;
  /** some outputs may have gone unseen */
  atLeast: boolean;
  speeds: { sum: number; count: number; unit: 'it/s' | 'tok/s' } | undefined;
};

const newSession = (): Session => ({
  tally: createTally(),
  prompt: createTally(),
  unit: undefined,
  atLeast: false,
  speeds: undefined,
});

/** A meter's totals as a reading: what it counted for the program behind it. */
const metered = ({ tokens, promptTokens, images, running, model }: MeterNote): Reading => ({
  running,
  ...(images > 0 && tokens === 0
    ? { made: { unit: 'image' as const, count: images } }
    : { made: { unit: 'token' as const, count: tokens }, promptTokens }),
  ...(model && { model: shortModel(model) }),
});

export type PollerOptions = {
  /** what metering proxies counted */
  readonly meters?: () => readonly MeterNote[];
  readonly wallMs: () => number;
  readonly ports?: (pid: number) => Promise<Result<readonly LoopbackAddress[]>>;
  /** looks this often for who is due */
  readonly everyMs?: number;
};

/**
 * Asks the programs on the cards about themselves, each on the port that it listens on itself, without ever holding up a
 * tick. One that fails or answers nonsense is noted as such, and asked again later.
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
    for (const pid of new Set([program.leader, ...program.pids].filter((known) => known > 0))) {
      const told = await ports(pid);
      if (told.ok) found.push(...told.value);
      else failure ??= told;
    }
    return { found, failure };
  }

  /** The meter before a program: by its port, or the only one there is where nobody tells whose load it is. */
  async function meterOf(entry: Followed): Promise<MeterNote | undefined> {
    const notes = meters();
    if (notes.length === 0) return undefined;
    if (entry.program.pids.length === 0) return notes.length === 1 ? notes[0] : undefined;
    const { found } = await listening(entry);
    return notes.find(({ upstreamPort }) => found.some(({ port }) => port === upstreamPort));
  }

  /** What the program tells, and what a meter before it counted where the program does not count by itself. */
  async function readingOf(entry: Followed): Promise<Result<Reading> | undefined> {
    const { adapter } = entry;
    const note = await meterOf(entry);
    entry.countedBy = adapter?.id ?? 'meter';
    if (!adapter) return note && { ok: true, value: metered(note) };
    const address = await addressOf(entry, adapter);
    const read = address.ok ? await adapter.read(askLoopback(address.value), entry.memory) : address;
    if (!note || (read.ok && read.value.made)) return read;
    entry.countedBy = 'meter';
    return { ok: true, value: { ...metered(note), ...(read.ok && { ...read.value, note: undefined }) } };
  }

  /** The port of the program, asked once a life; the process behind it must still be the same. */
  async function addressOf(entry: Followed, adapter: Adapter): Promise<Result<LoopbackAddress>> {
    const { leader, match } = entry.program;
    const started = identityOf(leader)?.startedAt;
    if (entry.address && started === entry.leaderStarted) return { ok: true, value: entry.address };
    entry.address = undefined;
    const { found, failure } = await listening(entry);
    const candidates = [...found].sort((a, b) => Number(b.port === match?.port) - Number(a.port === match?.port));
    for (const address of candidates.slice(0, 8)) {
      const read = await adapter.read(askLoopback(address), new Map());
      if (!read.ok && candidates.length > 1) continue; // another of its ports, perhaps
      entry.address = address;
      entry.leaderStarted = started;
      return { ok: true, value: address };
    }
    return (
      failure ?? { ok: false, error: { code: 'not-found', message: 'The program listens on no port that answers.' } }
    );
  }

  async function look(entry: Followed): Promise<void> {
    const read = await readingOf(entry);
    if (!read) {
      entry.nextMs = performance.now() + QUIET_MS; // nothing is told of it, as yet
      return;
    }
    if (!read.ok) {
      entry.reading = undefined;
      entry.failure = [read.error.message, read.error.next].filter(Boolean).join(' ');
      entry.address = undefined;
      entry.nextMs = performance.now() + FAILED_MS;
      return;
    }
    entry.reading = { ...(entry.reading?.model && { model: entry.reading.model }), ...read.value };
    entry.failure = undefined;
    entry.nextMs = performance.now() + (read.value.running || entry.program.loads ? BUSY_MS : QUIET_MS);
    count(entry, read.value);
  }

  function count({ session }: Followed, { made, atLeast, promptTokens, speed, running }: Reading): void {
    const nowMs = wallMs();
    session.atLeast ||= atLeast === true;
    if (made) {
      session.unit = made.unit;
      session.tally.add(made.count, nowMs);
    }
    if (promptTokens !== undefined) session.prompt.add(promptTokens, nowMs);
    if (speed && speed.value > 0 && running) {
      session.speeds ??= { sum: 0, count: 0, unit: speed.unit };
      session.speeds.sum += speed.value;
      session.speeds.count++;
    }
  }

  /** What the session has brought forth so far. Undefined: nobody counts. */
  function outputsOf({ session, countedBy, failure }: Followed): Outputs | undefined {
    if (session.unit === undefined) return undefined;
    const { speeds } = session;
    return {
      unit: session.unit,
      count: session.tally.total(),
      countedBy: countedBy ?? 'meter',
      ...(session.prompt.total() > 0 && { promptTokens: session.prompt.total() }),
      ...(speeds && { speed: { value: speeds.sum / speeds.count, unit: speeds.unit } }),
      ...((failure !== undefined || session.atLeast) && { atLeast: true }),
    };
  }

  let asked = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (const entry of followed.values()) {
      if (asked >= MOST_ASKED) return;
      if (entry.asking || now < entry.nextMs) continue;
      entry.asking = true;
      asked++;
      void look(entry).finally(() => {
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
      const note = entry.failure ?? entry.reading?.note;
      return {
        ...(entry.reading?.running !== undefined && { running: entry.reading.running }),
        ...(entry.reading?.made && { made: entry.reading.made.count }),
        ...(entry.reading?.model && { model: entry.reading.model }),
        ...(entry.inSession && { outputs: outputsOf(entry) }),
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
        else
          followed.set(program.key, {
            program,
            adapter,
            memory: new Map(),
            address: undefined,
            leaderStarted: undefined,
            reading: undefined,
            failure: undefined,
            nextMs: 0,
            asking: false,
            session: newSession(),
            inSession: false,
            countedBy: undefined,
          });
      }
    },
    begin(key, startedMs) {
      const entry = followed.get(key);
      if (!entry) return;
      entry.inSession = true;
      entry.session.tally.beginAt(startedMs);
      entry.session.prompt.beginAt(startedMs);
    },
    end(key) {
      const entry = followed.get(key);
      if (!entry?.inSession) return {};
      const { session } = entry;
      entry.inSession = false;
      entry.session = newSession();
      if (entry.reading) count(entry, { ...entry.reading, atLeast: false }); // the next one counts from here
      const outputs = outputsOf({ ...entry, session });
      if (!outputs) return {};
      const marks: Marks | undefined = MARKED.has(outputs.unit) ? session.tally.marks() : undefined;
      return { outputs, ...(marks && { marks }) };
    },
    stop: () => clearInterval(timer),
  };
}
