import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { noStatuses } from '../../app/workload/adapters/program-status.ts';
import { startedAtOf, type KnownProcess } from '../../app/workload/programs/process-facts.node.ts';
import type { Program } from '../../app/workload/programs/programs.ts';
import { createDetectedSessions } from '../../app/workload/sessions/detected-sessions.node.ts';
import { createManualSessions } from '../../app/workload/sessions/manual-sessions.ts';
import { openStore } from '../support/store.ts';

const facts = (pid: number, startedAt: string, more: Partial<KnownProcess> = {}): KnownProcess => ({
  pid,
  startedAt,
  command: ['program'],
  ancestors: [],
  ...more,
});

describe('a detected session belongs to processes, not to PIDs', () => {
  const HERE = startedAtOf(process.pid)!;
  const ended = spawnSync('true').pid;

  const program = (...pids: readonly number[]): Program => ({
    key: 'one',
    match: undefined,
    name: 'program',
    pids,
    gpuUuids: ['GPU-test-0'],
    loads: true,
  });

  function begun(leader: number, starts: ReadonlyMap<number, string>) {
    const roster = {
      leaderOf: () => leader,
      commandsOf: () => [],
      modelOf: () => undefined,
      factsOf: (pid: number) => (starts.has(pid) ? facts(pid, starts.get(pid)!) : undefined),
    };
    const sessions = createDetectedSessions(openStore().store, roster, noStatuses);
    sessions.begin({ program: program(...starts.keys()), fromMs: 0, beganByMs: 1000 });
    return sessions;
  }

  it.each([
    ['continues while its process runs', ended, [[process.pid, HERE]], []],
    ['continues while its leader runs', process.pid, [[ended, '1']], []],
    [
      'continues while one of its processes runs',
      ended,
      [
        [ended, '1'],
        [process.pid, HERE],
      ],
      [],
    ],
    ['has ended when its process has', ended, [[ended, '1']], ['one']],
    ['has ended when another process has the PID', ended, [[process.pid, '1']], ['one']],
    ['continues where start times are not known', ended, [[process.pid, '']], []],
    ['continues where its processes were never seen', ended, [], []],
  ] as const)('%s', (_, leader, starts, expected) => {
    expect(begun(leader, new Map(starts)).endedPrograms()).toEqual(expected);
  });

  it('follows its program to a new process, also one with a PID that it had before', () => {
    const starts = new Map([[process.pid, '1']]);
    const sessions = begun(ended, starts);
    expect(sessions.endedPrograms()).toEqual(['one']);
    starts.set(process.pid, HERE);
    sessions.update([program(process.pid)]);
    expect(sessions.endedPrograms()).toEqual([]);
  });
});

describe('a manual session is that of the process that began it', () => {
  const session = { id: 7, ownerPid: 100, ownerStart: 'boot:500', startedMs: 0 };

  const starterOf = (known: KnownProcess | undefined, ownerStart = session.ownerStart) => {
    const manual = createManualSessions({ open: () => [{ ...session, ownerStart }] }, () => known);
    manual.refresh(new Set());
    return manual.starterOf(200);
  };
  const child = (startedAt: string | undefined, pid = 100): KnownProcess =>
    facts(200, '600', { ancestors: [{ pid, command: [], ...(startedAt !== undefined && { startedAt }) }] });

  it.each([
    ['an ancestor that is its owner', child('500'), 7],
    ['an ancestor that has its PID and started at another time', child('499'), undefined],
    ['an ancestor whose start is not known', child(''), 7],
    ['an ancestor as an earlier version knew it', child(undefined), 7],
    ['an ancestor with another PID', child('500', 101), undefined],
    ['no ancestor', facts(200, '600'), undefined],
    ['a mark of the owner', facts(200, '600', { markedBy: 100 }), 7],
    ['a mark of another command', facts(200, '600', { markedBy: 101 }), undefined],
    ['a mark that is as old as the owner', facts(200, '500', { markedBy: 100 }), 7],
    ['a mark of an earlier command with the same PID', facts(200, '499', { markedBy: 100 }), undefined],
    ['a mark that is compared as a number', facts(200, '1000', { markedBy: 100 }), 7],
    ['a mark of a process whose start is not known', facts(200, '', { markedBy: 100 }), 7],
    ['a process that has ended', undefined, undefined],
  ])('knows by %s', (_, known, expected) => expect(starterOf(known)).toBe(expected));

  it('takes the PID alone where it was noted without a start time', () => {
    expect(starterOf(child('499'), '')).toBe(7);
    expect(starterOf(facts(200, '499', { markedBy: 100 }), '')).toBe(7);
  });
});
