import type { StoredTick } from '../../history/history.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import { noStatuses, type ProgramStatus, type ProgramStatuses } from '../adapters/program-status.ts';
import { createAttribution, type Owner } from '../energy/attribution.ts';
import type { Program } from '../programs/programs.ts';
import type { ProgramRule } from '../programs/schema.ts';
import type { SessionBook } from './book.ts';
import { createDetectedSessions } from './detected-sessions.node.ts';
import { createDetector, type Ended } from './detect.ts';
import { createLoadStarts } from './load-starts.ts';
import { createManualSessions } from './manual-sessions.ts';
import { createRoster, PROCESSES_VALID_MS } from './roster.node.ts';

export type WatchOptions = {
  readonly store: SessionBook;
  readonly statuses?: ProgramStatuses;
  readonly rules?: readonly ProgramRule[];
  /** sessions began or ended */
  readonly onSessions: () => void;
};

const WRITE_EVERY_MS = 5_000;

/**
 * Follows which programs load the cards: recognises them, detects their sessions, and attributes each card's energy to
 * the sessions on it. Feed it each tick after the tick was stored.
 */
export function createWorkloadWatch({ store, statuses = noStatuses, rules = [], onSessions }: WatchOptions) {
  const roster = createRoster(statuses, rules);
  const detector = createDetector();
  const loadStarts = createLoadStarts();
  const manual = createManualSessions(store.sessions, roster.factsOf);
  const detected = createDetectedSessions(store, roster, statuses);
  const works = ({ key, loads, running }: Program): boolean => loads || Boolean(running) || detected.has(key);
  const attribution = createAttribution({
    processesOf: roster.processesOf,
    starterOf: manual.starterOf,
    works,
    manual: manual.ids,
    detected: detected.keys,
    pids: roster.pids,
  });
  let programs: readonly Program[] = [];
  let writtenMs = 0;
  /** when processes were listed last: up to then it is settled who used what. undefined: the source lists none */
  let listedMs: number | undefined;

  const idOf = (owner: Owner): number | undefined => (typeof owner === 'number' ? owner : detected.idOf(owner));
  function writeShares(): void {
    const rows = attribution.take(idOf);
    if (rows.length > 0) store.shares.note(rows);
  }

  /** Writes shares, and every few seconds what all running sessions have used so far. */
  function write({ tsMs }: Tick, due: boolean, listed: boolean): void {
    // `slowburn run` sums up in its own process, so the shares of its session are always on disk
    if (due || manual.open().length > 0) writeShares();
    const lists = listedMs !== undefined && tsMs - listedMs < PROCESSES_VALID_MS;
    if (listed || !lists) {
      listedMs = listed ? tsMs : undefined;
      detected.noteOutputs();
    }
    manual.noteGpus(programs);
    if (!due) return;
    writtenMs = tsMs;
    const untilMs = (listedMs ?? tsMs) + 1;
    store.progress.keep(new Set(store.sessions.open().map(({ id }) => id)));
    detected.writeProgress(untilMs);
    for (const session of manual.open()) store.noteProgress(session, manual.gpusOf(session.id), untilMs);
  }

  /** Forgets programs that are gone, and follows the status of those that are there. */
  function followPrograms(): void {
    const here = new Set(programs.map(({ key }) => key));
    attribution.keep((owner) => typeof owner === 'number' || detected.has(owner) || here.has(owner));
    statuses.follow(
      programs.map((program) => ({
        ...program,
        leader: roster.leaderOf(program),
        servers: roster.serversOf(program),
      })),
    );
  }

  function end(ended: Ended): void {
    writeShares();
    detected.end(ended);
  }

  /** Begins and ends the sessions of programs that no manual session started. */
  function detect({ tsMs, gpus }: Tick, due: boolean): void {
    const free = manual.othersOf(programs);
    const { began, ended } = detector.feed(tsMs, free, (program) => loadStarts.signOf(program));
    detected.update(free);
    for (const one of began) {
      attribution.since(one.program.key, one.fromMs);
      detected.begin(one);
    }
    if (manual.open().length > 0) loadStarts.claim(gpus.map(({ gpu }) => gpu.uuid));
    else for (const program of programs.filter(works)) loadStarts.claim(program.gpuUuids);
    const gone = due ? detected.endedPrograms().flatMap((key) => detector.leave(key) ?? []) : [];
    for (const one of [...ended, ...gone]) end(one);
    if (began.length + ended.length + gone.length > 0) onSessions();
  }

  return {
    feed(tick: Tick, stored: readonly StoredTick[]): void {
      const due = Math.abs(tick.tsMs - writtenMs) >= WRITE_EVERY_MS;
      const { listed, programs: now } = roster.look(tick);
      programs = now;
      loadStarts.feed(tick, listed);
      manual.refresh(detected.ids());
      attribution.note(tick, stored, listed, programs);
      write(tick, due, listed);
      if (listed) followPrograms();
      detect(tick, due);
    },

    programs: (): readonly Program[] => programs,
    progress: (key: string): ProgramStatus | undefined => statuses.of(key),
    setRules: (rules: readonly ProgramRule[]): void => roster.setRules(rules),

    /** Ends every detected session at its last sign of work. */
    stop(): void {
      detector.finish().forEach(end);
      statuses.stop();
    },
  };
}

export type WorkloadWatch = ReturnType<typeof createWorkloadWatch>;
