import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { noStatuses, type ProgramStatuses } from '../../app/workload/adapters/program-status.ts';
import { createWorkloadWatch } from '../../app/workload/sessions/watch.node.ts';
import { isAlive } from '../../app/core/process-start.node.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import type { Outputs } from '../../app/workload/sessions/schema.ts';
import type { Process } from '../../app/workload/programs/programs.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openStore } from '../support/store.ts';

/** A real process that does nothing, under the name of a program. */
const idle = (program: string, ...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)', '--', ...args], { stdio: 'ignore', argv0: program });

function idleProcess(program: string, ...args: readonly string[]): number {
  const child = idle(program, ...args);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid!;
}

function openWatch(statuses?: ProgramStatuses) {
  const { store } = openStore();
  const watch = createWorkloadWatch({ store, onSessions: () => undefined, ...(statuses && { statuses }) });
  let second = 0;
  let gapMs = 0;
  return {
    store,
    watch,
    /** Nothing is recorded, and the card continues. */
    gap: (seconds: number): void => {
      second += seconds;
      gapMs = seconds * 1000;
    },
    /** @param processes undefined: the source lists none */
    play: (seconds: number, utilPct: number, processes: readonly Process[] | undefined): void => {
      for (const end = second + seconds; second < end; second++) {
        const frame = frameWith({ gpuUtilPct: utilPct, coreTempC: 60, powerW: 200, energyMj: second * 200_000 });
        const tsMs = second * 1000;
        const plain = tickWith(tsMs, second === 0 || gapMs > 0 ? undefined : 1000, [frame]);
        const gap = gapMs > 0 && { gap: { fromMs: tsMs - gapMs - 1000, toMs: tsMs, reason: 'suspended' as const } };
        gapMs = 0;
        const tick = { ...plain, ...gap, gpus: [{ gpu: testGpu(), frame, ...(processes && { processes }) }] };
        watch.feed(tick, store.append(tick));
      }
    },
  };
}

describe('the watch over workloads', () => {
  it('records a session of a program that it recognises, with name, kind and model', () => {
    const { store, play } = openWatch();
    const pid = idleProcess('/opt/llama.cpp/llama-server', '--model', '/models/qwen.gguf');
    play(60, 95, [{ pid, name: 'node' }]);
    expect(store.sessions.newest(1)).toMatchObject([{ endedMs: null, gpus: ['GPU-test-0'] }]);
    play(200, 0, [{ pid, name: 'node' }]);
    const [session] = store.sessions.newest(2);
    expect(session).toMatchObject({
      name: 'llama.cpp',
      startedMs: 0,
      endedMs: 59_000,
      summary: {
        workload: { kind: 'llm', found: 'detected', model: 'qwen.gguf', evidence: 'command', adapter: 'llama.cpp' },
        gpus: [{ gpuUuid: 'GPU-test-0', energyJ: 59 * 200 }],
      },
    });
  });

  it('has the progress of a running session on disk', () => {
    let count = 0;
    const outputs = (): Outputs => ({ unit: 'image', count, countedBy: 'comfyui' });
    const { store, play } = openWatch({ ...noStatuses, of: () => ({ model: 'flux1-dev', outputs: outputs() }) });
    const pid = idleProcess('/x/ComfyUI/main.py');
    let seconds = 0;
    for (count of [1, 7, 41]) {
      play(60, 95, [{ pid, name: 'node' }]);
      seconds += 60;
      const [session] = store.sessions.newest(1);
      expect(session).toMatchObject({ endedMs: null, summary: { workload: { outputs: { count } } } });
      const { energyJ } = session!.summary!.gpus[0]!;
      expect(energyJ).toBeLessThanOrEqual(200 * (seconds - 1));
      expect(energyJ).toBeGreaterThanOrEqual(200 * (seconds - 1 - 5)); // noted every five seconds
    }
  });

  it('charges a program that ends between two lists no longer than to the tick before', async () => {
    const { store, play } = openWatch();
    const [one, two] = [idleProcess('/x/ComfyUI/main.py'), idleProcess('vllm', 'serve', 'a/b')];
    play(60, 95, [
      { pid: one, name: 'node', smPct: 45 },
      { pid: two, name: 'node', smPct: 45 },
    ]);
    process.kill(one, 'SIGKILL');
    await expect.poll(() => isAlive(one)).toBe(false);
    play(20, 95, undefined); // no list yet, and the card still works
    play(1, 95, [{ pid: two, name: 'node', smPct: 90 }]);
    play(100, 0, []);
    const sessions = store.sessions.newest(2);
    const energyOf = (name: string) => sessions.find((session) => session.name === name)!.summary!.gpus[0]!.energyJ;
    expect(sessions.find(({ name }) => name === 'ComfyUI')!.endedMs).toBe(59_000);
    expect(energyOf('ComfyUI')).toBeCloseTo(59 * 100, 3);
    expect(energyOf('vLLM')).toBeCloseTo(59 * 100 + 21 * 200, 3);
  });

  it('ends a session when its program has ended, and not while the program is idle', async () => {
    const { store, play } = openWatch();
    const pid = idleProcess('/x/ComfyUI/main.py');
    play(30, 95, [{ pid, name: 'node' }]);
    play(30, 0, []); // off the card, and still there
    expect(store.sessions.newest(1)).toMatchObject([{ endedMs: null }]);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    play(6, 0, []);
    expect(store.sessions.newest(1)).toMatchObject([{ endedMs: 29_000 }]);
  });

  it('reports the progress of a manual session, and leaves its end to the command that began it', () => {
    const { store, play } = openWatch();
    const id = store.sessions.begin('own', 'own command', 0, process.pid);
    const pid = idleProcess('/x/own.py'); // a child of this process
    play(61, 95, [{ pid, name: 'node' }]);
    const [session, ...others] = store.sessions.newest(2);
    expect(others).toEqual([]);
    expect(session).toMatchObject({
      id,
      endedMs: null,
      gpus: ['GPU-test-0'],
      summary: { gpus: [{ energyJ: 60 * 200 }] },
    });
    expect(figuresOf(session!, { pricePerKwh: 1, tariff: [], market: undefined, co2GramsPerKwh: null })).toMatchObject({
      energyJ: 12_000,
      cost: 12_000 / 3.6e6,
    });
  });

  it('detects a session by the load alone where no processes are listed', () => {
    const { store, play } = openWatch();
    play(60, 95, undefined);
    play(120, 0, undefined);
    expect(store.sessions.newest(1)).toMatchObject([
      { name: 'Test GPU 0', summary: { workload: { kind: 'other', found: 'detected' } } },
    ]);
  });

  it('counts no joule twice when two programs use one card', () => {
    const { store, play } = openWatch();
    const [one, two] = [idleProcess('/x/ComfyUI/main.py'), idleProcess('vllm', 'serve', 'a/b')];
    play(60, 95, [
      { pid: one, name: 'node', smPct: 60 },
      { pid: two, name: 'node', smPct: 20 },
    ]);
    play(60, 95, [
      { pid: one, name: 'node' },
      { pid: two, name: 'node' },
    ]);
    play(120, 0, []);
    const gpus = store.sessions.newest(2).map(({ summary }) => summary!.gpus[0]!);
    const own = gpus.reduce((sum, { energyJ }) => sum + energyJ!, 0);
    expect(gpus[0]!.sharedJ).toBeGreaterThan(10_000);
    expect(gpus[0]!.sharedJ).toBe(gpus[1]!.sharedJ);
    expect(own + gpus[0]!.sharedJ!).toBeLessThanOrEqual(119 * 200 + 1e-6);
    expect(own).toBeGreaterThan(10_000);
  });

  it('names the sessions with which energy was shared, and no others', () => {
    const { store, play } = openWatch();
    const one = idleProcess('/x/ComfyUI/main.py');
    const two = idleProcess('vllm', 'serve');
    const three = idleProcess('/opt/llama.cpp/llama-server');
    play(60, 95, [
      { pid: one, name: 'node' },
      { pid: two, name: 'node' },
    ]);
    play(120, 0, []);
    play(60, 95, [{ pid: three, name: 'node', smPct: 80 }]);
    play(120, 0, []);
    const named = store.sessions.newest(5).map(({ name, sharedWith }) => [name, sharedWith] as const);
    expect(new Map(named)).toEqual(
      new Map([
        ['ComfyUI', ['vLLM']],
        ['vLLM', ['ComfyUI']],
        ['llama.cpp', undefined],
      ]),
    );
    for (const session of store.sessions.newest(3).slice(1)) {
      const { states, energyJ } = figuresOf(session, {
        pricePerKwh: 1,
        tariff: [],
        market: undefined,
        co2GramsPerKwh: null,
      });
      expect([states.energy, energyJ]).toEqual(['all-shared', undefined]);
    }
  });

  it('starts no session of an idle program beside a busy one, which has all the energy', () => {
    const { store, play } = openWatch();
    const [busy, idle] = [idleProcess('/x/ComfyUI/main.py'), idleProcess('vllm', 'serve', 'a/b')];
    const processes = (smPct: number) => [
      { pid: busy, name: 'node', type: 'compute' as const, smPct },
      { pid: idle, name: 'node', type: 'compute' as const, smPct: 0 },
    ];
    play(60, 95, processes(80));
    play(120, 0, processes(0));
    const [session, ...others] = store.sessions.newest(3);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ name: 'ComfyUI', summary: { pids: [busy] } });
    const [gpu] = session!.summary!.gpus;
    expect(gpu!.energyJ).toBeGreaterThanOrEqual(58 * 200);
    expect(gpu!.sharedJ).toBeUndefined();
  });

  it('attributes nothing that a card used while it was not observed', () => {
    const { store, play, gap } = openWatch();
    const [one, two] = [idleProcess('/x/ComfyUI/main.py'), idleProcess('vllm', 'serve', 'a/b')];
    const both = [
      { pid: one, name: 'node', smPct: 60 },
      { pid: two, name: 'node', smPct: 20 },
    ];
    play(60, 95, both);
    gap(30);
    play(60, 95, both);
    play(120, 0, []);
    const gpus = store.sessions.newest(2).map(({ summary }) => summary!.gpus[0]!);
    expect(gpus.map(({ sharedJ }) => sharedJ)).toEqual([31 * 200, 31 * 200]); // the same joules stand in both
    const own = gpus.map(({ energyJ }) => energyJ!).sort((a, b) => a - b);
    expect(own[1]! / own[0]!).toBeCloseTo(3, 6);
    expect(own[0]! + own[1]!).toBeLessThanOrEqual(119 * 200);
  });

  it('attributes no joule of a manual session to a program that becomes a session afterwards', () => {
    const { store, play } = openWatch();
    const processes = [{ pid: idleProcess('vllm', 'serve', 'a/b'), name: 'node' }];
    play(4, 95, processes);
    const id = store.sessions.begin('by hand', 'command', 3000, process.pid);
    play(4, 95, processes);
    store.finishSession({ id, startedMs: 3000 }, 7000, 0, new Set());
    play(30, 95, processes);
    play(120, 0, []);
    const own = store.sessions.newest(2).reduce((sum, { summary }) => sum + summary!.gpus[0]!.energyJ!, 0);
    expect(own).toBeGreaterThan(34 * 200); // a second at each end is in no session
    expect(own).toBeLessThanOrEqual(37 * 200);
  });

  it('does not detect a manual session a second time', () => {
    const { store, play } = openWatch();
    store.sessions.begin('by hand', 'command', 0, process.pid);
    play(60, 95, [{ pid: idleProcess('/x/ComfyUI/main.py'), name: 'node' }]);
    expect(store.sessions.newest(5)).toMatchObject([{ name: 'by hand' }]);
  });

  it('ends a session with what was observed when the watch stops', () => {
    const { store, watch, play } = openWatch();
    play(30, 95, undefined);
    watch.stop();
    expect(store.sessions.newest(1)).toMatchObject([{ endedMs: 29_000 }]);
  });
});

/** What can happen from one second to the next. */
type Second = {
  readonly watts: number;
  /** share of SM time of each process, null: it is not on the card; −1: it is, and its share is not told */
  readonly sm: readonly (number | null)[];
  readonly list: 'none' | 'same' | 'untold';
  readonly gapS: number;
  readonly byHand: 'begin' | 'end' | 'nothing';
};
const second = fc.record<Second>({
  watts: fc.integer({ min: 0, max: 600 }),
  sm: fc.array(fc.option(fc.oneof(fc.constant(-1), fc.nat(100))), { minLength: 4, maxLength: 4 }),
  list: fc.constantFrom('none', 'same', 'same', 'untold'),
  gapS: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 30, 400),
  byHand: fc.constantFrom('begin', 'end', 'nothing', 'nothing', 'nothing'),
});

describe('sessions of one card', () => {
  const children: ChildProcess[] = [];
  beforeAll(() => {
    // two known programs, an unknown one, and one in a manual session
    children.push(idle('/x/ComfyUI/main.py'), idle('vllm', 'serve', 'a/b'), idle('unknown'), idle('by-hand'));
  });
  afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

  it('never count a joule twice, whichever programs start and stop, whatever is reported, and through gaps', () => {
    const folder = temporaryFolder();
    let run = 0;
    fc.assert(
      fc.property(fc.array(second, { minLength: 5, maxLength: 25 }), (seconds) => {
        const opened = openDatabase(path.join(folder, `${run++}.db`));
        if (!opened.ok) throw new Error(opened.error.message);
        const store = createStore(opened.value.db);
        const watch = createWorkloadWatch({ store, onSessions: () => undefined });
        const begun: { id: number; startedMs: number }[] = [];
        const endByHand = (session: { id: number; startedMs: number }, tsMs: number): void =>
          void store.finishSession(session, tsMs, 0, new Set([children[3]!.pid!]));
        let tsMs = 1_000_000.25;
        let energyMj = 5;
        let processes: Process[] | undefined;
        const firstMj = energyMj;
        for (const [i, { watts, sm, list, gapS, byHand }] of seconds.entries()) {
          if (byHand === 'begin' && begun.length < 3) {
            const startedMs = tsMs + 300; // it is in the table before the next tick
            const id = store.sessions.begin('by hand', 'x', startedMs, begun.length === 0 ? process.pid : 1);
            begun.push({ id, startedMs });
          } else if (byHand === 'end' && begun.length > 0) endByHand(begun.shift()!, tsMs - 200);
          if (list !== 'same')
            processes =
              list === 'untold'
                ? undefined
                : sm.flatMap((smPct, n) =>
                    smPct === null ? [] : [{ pid: children[n]!.pid!, name: 'node', ...(smPct >= 0 && { smPct }) }],
                  );
          for (let tick = 0; tick < 4; tick++) {
            const stepMs = tick === 0 && gapS > 0 ? gapS * 1000 : 990 + ((i * 7 + tick * 13) % 20) + 0.4;
            tsMs += stepMs;
            energyMj += Math.round(watts * stepMs);
            const frame = frameWith({ gpuUtilPct: watts > 50 ? 95 : 0, powerW: watts, energyMj });
            const gap = tick === 0 && gapS > 0;
            const plain = tickWith(tsMs, (i === 0 && tick === 0) || gap ? undefined : stepMs, [frame]);
            const told = tick === 0 && processes ? { processes } : {};
            const fed = { ...plain, gpus: [{ gpu: testGpu(), frame, ...told }] };
            watch.feed(fed, store.append(fed));
          }
        }
        begun.forEach((session) => endByHand(session, tsMs + 1));
        watch.stop();
        const own = store.sessions
          .newest(100)
          .flatMap(({ summary }) => summary?.gpus ?? [])
          .reduce((sum, { energyJ }) => sum + (energyJ ?? 0), 0);
        store.close();
        expect(own).toBeLessThanOrEqual((energyMj - firstMj) / 1000 + 1e-6);
      }),
      { numRuns: 60 },
    );
  });
});
