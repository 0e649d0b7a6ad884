import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../app/workload/adapters/adapter.ts';
import { combined, type Reading } from '../../app/workload/adapters/combine.ts';
import { claimMeters, type ProgramPorts } from '../../app/workload/adapters/meter-claims.ts';
import { createProgramTotals } from '../../app/workload/adapters/program-totals.ts';
import type { MeterNote } from '../../app/workload/meter/note.node.ts';
import { localAddresses, publishedPort } from '../../app/workload/programs/containers.node.ts';
import { candidates, type Endpoint, type Listening } from '../../app/workload/programs/listening.node.ts';
import { err, ok, type ErrorCode } from '../../app/core/result.ts';

const tokens = (count: number, more: ServerStatus = {}): ServerStatus => ({ made: { unit: 'token', count }, ...more });

describe('the sum over servers that come and go', () => {
  it('is what they made, however they start, restart and end', () => {
    const step = fc.record({
      server: fc.nat(3),
      made: fc.nat(1000),
      restarts: fc.boolean(),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const totals = createProgramTotals();
        const counters = new Map<number, number>();
        const seen = new Set<string>();
        const runs = new Map<number, number>();
        let truth = 0;
        let before = 0;
        for (const { server, made, restarts, ends } of steps) {
          // a restarted process has a new identity, so its counter begins again at 0
          if (restarts || ends) {
            counters.delete(server);
            runs.set(server, (runs.get(server) ?? 0) + 1);
          }
          if (ends) continue;
          truth += made;
          counters.set(server, (counters.get(server) ?? 0) + made);
          const id = `${server} ${runs.get(server) ?? 0}`;
          totals.add(id, tokens(counters.get(server)!), 'zero');
          seen.add(id);
          const sum = totals.within(tokens(0)).made!.count;
          expect(sum).toBe(truth);
          expect(sum).toBeGreaterThanOrEqual(before);
          before = sum;
        }
      }),
    );
  });

  it('leaves out what a server made before it was there to be counted, and what another counts', () => {
    const totals = createProgramTotals();
    totals.add('old', tokens(1_000_000, { promptTokens: 7 }), 'here');
    totals.add('old', tokens(1_000_010, { promptTokens: 9 }), 'here');
    totals.pass('old', tokens(1_000_500));
    totals.add('old', tokens(1_000_501, { promptTokens: 9 }), 'here');
    expect(totals.within(tokens(0, { promptTokens: 0 }))).toMatchObject({ made: { count: 11 }, promptTokens: 2 });
  });

  it('adds all of a counter that fell: its server began again', () => {
    const totals = createProgramTotals();
    totals.add('a', tokens(100), 'zero');
    totals.add('a', tokens(30), 'zero');
    expect(totals.within(tokens(0)).made!.count).toBe(130);
  });

  it('counts each kind, also one that a known server makes only later, from its first', () => {
    const totals = createProgramTotals();
    totals.add('a', tokens(10), 'here');
    const later = tokens(15, { also: [{ unit: 'image', count: 2 }] });
    totals.add('a', later, 'here');
    expect(totals.within(later)).toEqual(tokens(5, { also: [{ unit: 'image', count: 2 }] }));
  });

  it('reports nothing that no server reports', () => {
    expect(createProgramTotals().within({ running: 1 })).toEqual({ running: 1 });
  });
});

describe('one status of several servers', () => {
  const reading = (pid: number, result: ServerStatus | ErrorCode, names: readonly string[] = []): Reading => ({
    server: { pid, models: names, model: `hash-${pid}` },
    id: `${pid}`,
    result: typeof result === 'string' ? err(result, 'It fails.', 'Do this.') : ok(result),
  });
  const LEADER = 7;

  it('adds up requests, and takes the model of the server that works', () => {
    const status = combined(
      [
        reading(LEADER, { model: 'large:70b', loaded: ['large:70b', 'small:1b'] }),
        reading(8, tokens(5, { running: 0, waiting: 1 }), ['large:70b']),
        reading(9, tokens(6, { running: 2 }), ['copy-of-small:latest', 'small:1b']),
      ],
      LEADER,
    );
    expect(status).toMatchObject({ running: 2, waiting: 1, model: 'small:1b' });
    expect(status).not.toHaveProperty('atLeast');
  });

  it.each([
    ['the only loaded one, where the manifests cannot be read', ['q:8b'], [], 'q:8b'],
    ['of several loaded ones none, so the hash', ['q:8b', 'r:8b'], [], 'hash-8'],
    ['that of the manifests, where the program tells nothing', [], ['q:8b'], 'q:8b'],
  ])('names the model of a server: %s', (_why, loaded, names, model) => {
    expect(combined([reading(LEADER, { loaded }), reading(8, tokens(1), names)], LEADER)?.model).toBe(model);
  });

  it('is a minimum, with the reason, as long as one server does not answer', () => {
    const status = combined([reading(8, tokens(5)), reading(9, 'timeout'), reading(10, 'not-ready')], LEADER);
    expect(status).toMatchObject({
      atLeast: true,
      note: expect.stringMatching(/^1 of 3 servers .* It fails\. Do this\.$/),
    });
  });

  it('is none if no server answers', () => expect(combined([reading(8, 'timeout')], LEADER)).toBeUndefined());

  it('does not miss a leader that counts nothing itself', () => {
    expect(combined([reading(LEADER, 'timeout'), reading(8, tokens(5))], LEADER)).not.toHaveProperty('atLeast');
  });
});

describe('the meter in front of a program', () => {
  const note = (pid: number, upstreamPort: number | null, running = 0): MeterNote => ({
    pid,
    upstreamPort,
    running,
    requests: 0,
    tokens: 0,
    promptTokens: 0,
    images: 0,
    inexact: 0,
    busyMs: 0,
  });
  const program = (
    key: string,
    exact: readonly number[],
    possible: readonly number[] = [],
    loads = true,
  ): ProgramPorts => ({
    key,
    loads,
    exact: new Set(exact),
    possible: new Set(possible),
  });
  const claims = (
    programs: readonly ProgramPorts[],
    notes: readonly MeterNote[],
    before: Record<string, number> = {},
  ) =>
    Object.fromEntries(
      [...claimMeters(programs, notes, new Map(Object.entries(before)))].map(
        ([
          key,
          {
            note: { pid },
            by,
          },
        ]) => [key, [pid, by]],
      ),
    );

  it.each([
    ['its own port', [program('a', [8000]), program('b', [11434])], [note(1, 11434)], { b: [1, 'port'] }],
    ['a port of its user that no other program has', [program('a', [], [11434])], [note(1, 11434)], { a: [1, 'port'] }],
    ['no port that two may have', [program('a', [], [80], false), program('b', [], [80], false)], [note(1, 80)], {}],
    [
      'its own port before a port of its user',
      [program('a', [], [80]), program('b', [80])],
      [note(1, 80)],
      { b: [1, 'port'] },
    ],
    ['use, where nothing else is known', [program('a', [])], [note(1, 80, 1), note(2, 81)], { a: [1, 'load'] }],
    ['no use while it is idle', [program('a', [], [], false)], [note(1, 80, 1)], {}],
    ['no use of two meters', [program('a', [])], [note(1, 80, 1), note(2, 81, 1)], {}],
    ['no use while two such programs work', [program('a', []), program('b', [])], [note(1, 80, 1)], {}],
    [
      'no use of a meter that another has',
      [program('a', []), program('b', [80])],
      [note(1, 80, 1)],
      { b: [1, 'port'] },
    ],
    ['no use if its ports are known', [program('a', [9])], [note(1, 80, 1)], {}],
    ['no meter of another machine by port', [program('a', [0])], [note(1, null)], {}],
  ] as const)('is found by %s', (_by, programs, notes, expected) => expect(claims(programs, notes)).toEqual(expected));

  it('that was found by use stays when it is idle, until a port says otherwise', () => {
    expect(claims([program('a', [])], [note(1, 80)], { a: 1 })).toEqual({ a: [1, 'load'] });
    expect(claims([program('a', []), program('b', [80])], [note(1, 80)], { a: 1 })).toEqual({ b: [1, 'port'] });
  });
});

describe('a container', () => {
  it('has ports that docker-proxy publishes', () => {
    const line =
      '/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 5440 -container-ip 172.18.0.2 -container-port 5432 -use-listen-fd';
    expect(publishedPort(line.split(' '))).toEqual({ hostPort: 5440, address: '172.18.0.2', port: 5432 });
    expect(publishedPort(line.replace('tcp', 'udp').split(' '))).toBeUndefined();
    expect(publishedPort(['/usr/bin/docker-proxy'])).toBeUndefined();
    expect(publishedPort(['/usr/bin/other', '-host-port', '1'])).toBeUndefined();
  });

  it('has the addresses of its table of routes', () => {
    const table = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 172.17.0.0/16 2 0 2
        +-- 172.17.0.0/30 2 0 2
           |-- 172.17.0.0
              /16 link UNICAST
           |-- 172.17.0.2
              /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
`;
    expect([...localAddresses(table)]).toEqual(['127.0.0.1', '172.17.0.2']);
  });
});

describe('where a server is looked for', () => {
  const at = (port: number): Endpoint => ({ port, address: { host: '127.0.0.1', port } });
  const own: Listening = { own: [at(9), at(8080)], ofUser: [at(9), at(22), at(8080)], inContainer: false };
  const foreign: Listening = { own: undefined, ofUser: [at(22), at(11434)], inContainer: false };
  it.each([
    ['its own sockets, the usual port first', own, { usual: 8080 }, [8080, 9]],
    ['the port that its command names', own, { named: 9, usual: 8080 }, [9]],
    ['that port alone, also of another process of its user', own, { named: 22 }, [22]],
    ['its own sockets, if none has the port that its command names', own, { named: 80 }, [9, 8080]],
    ['of another user, none if no socket has the port that its command names', foreign, { named: 80, usual: 22 }, []],
    ['of another user, the usual port', foreign, { usual: 11434 }, [11434]],
    ['of another user, the port that its command names', foreign, { named: 22, usual: 11434 }, [22]],
    ['of another user, no other port', foreign, { usual: 8000 }, []],
    ['of another user, none if there is no usual one', foreign, {}, []],
  ] as const)('%s', (_where, listening, hints, ports) => {
    expect(candidates(listening, hints).map(({ port }) => port)).toEqual(ports);
  });
});
