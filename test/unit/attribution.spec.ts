import { describe, expect, it } from 'vitest';
import { attribute, GPU, OTHER, process, program, type World } from '../support/attribution-world.ts';

describe('a card', () => {
  it('that one program has to itself needs no span', () => {
    const one = attribute({ processes: [process(1, 80)] });
    one.tick([program('a', 1)]);
    one.tick([program('a', 1)]);
    expect(one.spans()).toEqual({});
  });

  it('is divided by SM time, and an unchanged share is one span', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    const programs = [program('a', 1), program('b', 2)];
    for (let i = 0; i < 3; i++) two.tick(programs);
    expect(two.spans()).toEqual({ a: [[0, 3000, 0.75]], b: [[0, 3000, 0.25]] });
  });

  it('is divided again with each list of processes, and not between two lists', () => {
    const world: World = { processes: [process(1, 60), process(2, 20)] };
    const two = attribute(world);
    const programs = [program('a', 1), program('b', 2)];
    two.tick(programs);
    world.processes = [process(1, 20), process(2, 60)];
    two.tick(programs, { listed: false });
    two.tick(programs);
    expect(two.spans()['a']).toEqual([
      [0, 2000, 0.75],
      [2000, 3000, 0.25],
    ]);
  });

  it('is divided when a program begins or ends to work, also between two lists', () => {
    const two = attribute({ processes: [process(1), { pid: 2, name: '' }] });
    const [a, b] = [program('a', 1), program('b', 2)];
    two.tick([a, b]);
    two.tick([a, { ...b, loads: false }], { listed: false });
    two.tick([a, b], { listed: false });
    expect(two.spans()['a']).toEqual([
      [0, 1000, undefined],
      [2000, 3000, undefined],
    ]);
  });

  it('is divided again when one program takes over from another between two lists', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    const [a, b] = [program('a', 1), program('b', 2)];
    two.tick([a, { ...b, loads: false }]);
    two.tick([{ ...a, loads: false }, b], { listed: false });
    expect(two.spans()).toEqual({ a: [[0, 1000, 0.75]], b: [[1000, 2000, 0.25]] });
  });

  it('is divided again after a gap, also without a new list', () => {
    const world: World = { processes: [process(1, 60), process(2, 20)] };
    const two = attribute(world);
    const programs = [program('a', 1), program('b', 2)];
    two.tick(programs);
    world.processes = [process(1, 20), process(2, 60)];
    two.tick(programs, { listed: false, dtMs: undefined });
    two.tick(programs, { listed: false });
    expect(two.spans()['a']).toEqual([
      [0, 1000, 0.75],
      [1000, 2000, undefined],
      [2000, 3000, 0.25],
    ]);
  });

  it('belongs to nothing of a program that works on another card', () => {
    const one = attribute({ processes: [process(1, 50)] });
    one.tick([program('a', 1), program('b', 9)]);
    expect(one.spans()).toEqual({ b: [[0, 1000, 0]] });
  });

  it('without a list of processes belongs to the load that is seen', () => {
    const load = { ...program('load'), pids: [] };
    const one = attribute({});
    one.tick([load]);
    expect(one.spans()).toEqual({});
    const beside = attribute({ manual: [5] });
    beside.tick([load]);
    expect(beside.spans()).toEqual({ 5: [[0, 1000, undefined]], load: [[0, 1000, undefined]] });
  });

  it('without a list belongs to no load of another card', () => {
    const load = { ...program('load'), pids: [], gpuUuids: [OTHER.uuid] };
    const one = attribute({});
    one.tick([load]);
    expect(one.spans()).toEqual({ load: [[0, 1000, 0]] });
  });
});

describe('a session without a process on the card', () => {
  it('uses nothing while another program uses it', () => {
    const one = attribute({ processes: [process(1, 50)], detected: ['b'] });
    one.tick([program('a', 1)]);
    expect(one.spans()).toEqual({ b: [[0, 1000, 0]] });
  });

  it('shares the idle card evenly with others like it', () => {
    const two = attribute({ detected: ['a', 'b'] });
    two.tick([]);
    expect(two.spans()).toEqual({ a: [[0, 1000, 0.5]], b: [[0, 1000, 0.5]] });
    const alone = attribute({ detected: ['a'] });
    alone.tick([]);
    expect(alone.spans()).toEqual({});
  });

  it('that a person began may be the client of what works, so its share is not known', () => {
    const client = attribute({ processes: [process(1, 50)], manual: [7] });
    client.tick([program('a', 1)]);
    expect(client.spans()).toEqual({ 7: [[0, 1000, undefined]] });
  });

  it('is alone as the only client, and one of several is not', () => {
    const only = attribute({ manual: [7] });
    only.tick([]);
    expect(only.spans()).toEqual({});
    const two = attribute({ manual: [7, 8] });
    two.tick([]);
    expect(two.spans()).toEqual({ 7: [[0, 1000, undefined]], 8: [[0, 1000, undefined]] });
  });

  it('takes nothing beside a client', () => {
    const both = attribute({ manual: [7], detected: ['b'] });
    both.tick([]);
    expect(both.spans()).toEqual({ b: [[0, 1000, 0]] });
  });

  it('is no client if its process is on another card', () => {
    const elsewhere = attribute({ processes: [process(1, 50)], manual: [7], starters: { 3: 7 }, pids: [1, 3] });
    elsewhere.tick([program('a', 1)]);
    expect(elsewhere.spans()).toEqual({ 7: [[0, 1000, 0]] });
  });

  it('owns the process that it started, not the program that is recognised in it', () => {
    const own = attribute({ processes: [process(1, 60), process(2, 20)], manual: [7], starters: { 1: 7 } });
    own.tick([program('a', 1), program('b', 2)]);
    expect(own.spans()).toEqual({ 7: [[0, 1000, 0.75]], b: [[0, 1000, 0.25]], a: [[0, 1000, 0]] });
  });
});

describe('a gap', () => {
  const gap = { fromMs: 1000, toMs: 31_000, reason: 'suspended' as const };
  const step = { dtMs: undefined, stepMs: 30_000, gap };

  it('belongs to a program that was alone before and after', () => {
    const one = attribute({ processes: [process(1, 50)] });
    one.tick([program('a', 1)]);
    one.tick([program('a', 1)], step);
    expect(one.spans()).toEqual({});
  });

  it('belongs to no one of several, from its start to its end', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    const programs = [program('a', 1), program('b', 2)];
    two.tick(programs);
    two.tick(programs, step);
    expect(two.spans()).toEqual({
      a: [
        [0, 1000, 0.75],
        [1000, 31_000, undefined],
      ],
      b: [
        [0, 1000, 0.25],
        [1000, 31_000, undefined],
      ],
    });
  });

  it('belongs to no one if the program changed in it', () => {
    const world: World = { processes: [process(1, 50)] };
    const two = attribute(world);
    two.tick([program('a', 1)]);
    world.processes = [process(2, 50)];
    two.tick([program('b', 2)], step);
    expect(two.spans()).toEqual({ a: [[1000, 31_000, undefined]], b: [[1000, 31_000, undefined]] });
  });

  it('belongs to no one if a program without a session also used the card', () => {
    const one = attribute({ processes: [process(1, 30), process(9, 30)] });
    one.tick([program('a', 1)]);
    one.tick([program('a', 1)], step);
    expect(one.spans()).toEqual({
      a: [
        [0, 1000, 0.5],
        [1000, 31_000, undefined],
      ],
    });
  });

  it('without a record begins at the tick before, and before the first tick nothing is attributed', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    const programs = [program('a', 1), program('b', 2)];
    two.tick(programs, { dtMs: undefined });
    expect(two.spans()).toEqual({});
    two.tick(programs, { dtMs: undefined, stepMs: 5000 });
    expect(two.spans()['a']).toEqual([[1000, 6000, undefined]]);
  });
});

describe('the time of a tick', () => {
  it.each([
    [240, 1000],
    [250, 1250],
    [-250, 750],
    [260, 1260],
    [-240, 1000],
    [-260, 740],
  ])('begins at the tick before it, unless its clock differs by a quarter: %d ms off', (off, fromMs) => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    const programs = [program('a', 1), program('b', 2)];
    two.tick(programs, { dtMs: undefined });
    two.tick(programs, { stepMs: 1000 + off });
    expect(two.spans()['a']![0]![0]).toBe(fromMs);
  });
});

describe('spans in memory', () => {
  it('are kept for those that may become a session, from when it began', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    const programs = [program('a', 1), program('b', 2)];
    two.tick(programs);
    two.tick(programs, { dtMs: undefined, stepMs: 5000 });
    two.since('a', 1000);
    two.since('unknown', 0);
    two.keep((owner) => owner !== 'b');
    expect(two.spans()).toEqual({ a: [[1000, 6000, undefined]] });
  });

  it('stay until the owner is a session', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    two.tick([program('a', 1), program('b', 2)]);
    expect(two.take((owner) => (owner === 'a' ? 3 : undefined))).toEqual([
      { sessionId: 3, gpuId: 1, span: { fromMs: 0, toMs: 1000, share: 0.75 } },
    ]);
    expect(two.spans()).toEqual({ b: [[0, 1000, 0.25]] });
  });

  it('of each card are apart', () => {
    const two = attribute({ processes: [process(1, 60), process(2, 20)] });
    for (let i = 0; i < 2; i++) two.tick([program('a', 1), program('b', 2)], { gpus: [GPU, OTHER] });
    const rows = two.take((owner) => (owner === 'a' ? 3 : undefined));
    expect(rows.map(({ gpuId, span }) => [gpuId, span.toMs, span.share])).toEqual([
      [1, 2000, 0.75],
      [2, 2000, 0],
    ]);
  });

  it('are at most 200, the newest', () => {
    const world: World = {};
    const two = attribute(world);
    const programs = [program('a', 1), program('b', 2)];
    for (let i = 0; i < 205; i++) {
      world.processes = [process(1, i % 2 === 0 ? 60 : 20), process(2, i % 2 === 0 ? 20 : 60)];
      two.tick(programs);
    }
    const spans = two.spans()['a']!;
    expect([spans.length, spans[0]![0], spans.at(-1)![1]]).toEqual([200, 5000, 205_000]);
  });
});

describe('a program that a list shows for the first time', () => {
  it('may have begun since the list before, so that time is not known to be that of the session before', () => {
    const world = { processes: [process(1, 80)] };
    const card = attribute(world);
    card.tick([program('a', 1)]);
    for (let i = 0; i < 3; i++) card.tick([program('a', 1)], { listed: false });
    world.processes = [process(1, 60), process(2, 20)];
    card.tick([program('a', 1), program('b', 2)]);
    // from the first list, at 1 s, to the tick before the second
    expect(card.spans()).toEqual({
      a: [
        [1000, 4000, undefined],
        [4000, 5000, 0.75],
      ],
      b: [[4000, 5000, 0.25]],
    });
  });

  it('takes nothing away if it uses nothing', () => {
    const world = { processes: [process(1, 80)] };
    const card = attribute(world);
    card.tick([program('a', 1)]);
    card.tick([program('a', 1)], { listed: false });
    world.processes = [process(1, 80), process(2, 0)];
    card.tick([program('a', 1), program('b', 2)]);
    expect(card.spans()).toEqual({ b: [[2000, 3000, 0]] });
  });

  it('does not reach into time that is already divided', () => {
    const world = { processes: [process(1, 80), process(2)] };
    const card = attribute(world);
    card.tick([program('a', 1)]);
    card.tick([program('a', 1), program('b', 2)], { listed: false }); // begins to work
    card.tick([program('a', 1)], { listed: false }); // and has ended
    world.processes = [process(1, 60), process(3, 20)];
    card.tick([program('a', 1), program('c', 3)]);
    const spans = card.spans()['a']!;
    for (const [i, [fromMs]] of spans.entries()) if (i > 0) expect(fromMs).toBeGreaterThanOrEqual(spans[i - 1]![1]);
    expect(spans.at(-1)).toEqual([3000, 4000, 0.75]);
  });
});
