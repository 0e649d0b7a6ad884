import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { openLimitHelper } from '../../app/governor/limit-helper.node.ts';
import { buildGoverned, governed } from '../support/governed.ts';
import { sleep, sleeper, someoneElses, until, watched, type Watched } from '../support/processes.ts';
import { ORIGINAL_W, stubSmi, type StubSmi } from '../support/stub-smi.ts';

const HELD = { ok: true, value: 'held' };
const refusal = (value: string) => ({ ok: true, value });

let script: string;
beforeAll(async () => {
  const built = await buildGoverned();
  script = built.script;
  return built.remove;
});

type Bench = { readonly stub: StubSmi; readonly program: Watched };
const bench = (): Bench => ({ stub: stubSmi(), program: sleeper() });
/** Nothing is left, and the journal says so. */
const undone =
  ({ stub, program }: Bench) =>
  (): boolean =>
    !program.stopped() && stub.limit() === ORIGINAL_W && !fs.existsSync(stub.journal);
async function expectUndone(of: Bench, when: string): Promise<void> {
  await until(undone(of));
  expect([of.program.stopped(), of.stub.limit(), fs.existsSync(of.stub.journal)], when).toEqual([
    false,
    ORIGINAL_W,
    false,
  ]);
}

/** Signals a process that may have ended, as some of them end when others do. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ended already
  }
}

describe('whoever is killed, no program stays paused and the power limit is the previous one', () => {
  /** Five cards and programs at once, some moments each. */
  const moments = async (each: number, round: (of: Bench, random: () => number) => Promise<void>): Promise<void> => {
    const lanes = Array.from({ length: 5 }, async (_, lane) => {
      const random = createRandom(lane + 1);
      const of = bench();
      for (let i = 0; i < each; i++) {
        await round(of, random);
        await expectUndone(of, `lane ${lane}, round ${i}`);
      }
    });
    await Promise.all(lanes);
  };
  const someTime = async (of: Bench, random: () => number) => {
    const slowburn = await governed(script, of.stub, of.program);
    if (random() >= 0.2) await until(slowburn.held);
    await sleep(random() * 120);
    return slowburn;
  };

  it('kill -9 of Slowburn at 50 random moments', () =>
    moments(10, async (of, random) => {
      const { governor, ended } = await someTime(of, random);
      governor.kill('SIGKILL');
      await ended;
    }));

  it('kill -9 of Slowburn and of the helper’s whole process group at 20 random moments', () =>
    moments(4, async (of, random) => {
      const { governor, helper, ended } = await someTime(of, random);
      signal(-helper(), 'SIGKILL');
      governor.kill('SIGKILL');
      await ended;
    }));

  it('kill -9 of the helper at 50 random moments', () =>
    moments(10, async ({ stub, program }, random) => {
      let lost = false;
      const helper = openLimitHelper({ ...stub, onLost: (was) => (lost = was) });
      await helper.undo(); // it is there
      const governing = (async () => {
        for (let i = 0; !lost; i++) {
          await helper.hold([program]);
          if (!lost) await helper.setLimit('GPU-0', 200 + (i % 5) * 10);
          if (i % 3 === 2 && !lost) await helper.resume([program]);
        }
      })();
      await sleep(30 + random() * 150);
      signal(helper.pid()!, 'SIGKILL');
      await until(() => lost);
      await governing;
      await helper.close();
    }));

  it('kill -9 of the watchdog at 20 random moments, and of the others after its successor has started', () =>
    moments(4, async (of, random) => {
      const { governor, helper, watchdog, held, ended } = await someTime(of, random);
      await until(held);
      const first = watchdog();
      signal(first, 'SIGKILL');
      await until(() => watchdog() > 0 && watchdog() !== first);
      signal(helper(), 'SIGKILL');
      governor.kill('SIGKILL');
      await ended;
    }));

  it('kill -9 of Slowburn, helper and watchdog at 50 random moments, and a next start', () =>
    moments(10, async (of, random) => {
      const { governor, helper, watchdog, held, ended } = await someTime(of, random);
      await until(held);
      for (const pid of [watchdog(), helper()]) signal(pid, 'SIGKILL');
      governor.kill('SIGKILL');
      await ended;
      await openLimitHelper(of.stub).close();
    }));
});

describe('a Slowburn that is frozen', () => {
  it('has everything undone meanwhile, and governs again with a new helper when it continues', async () => {
    const of = bench();
    const { governor, helper, held } = await governed(script, of.stub, of.program);
    await until(held);
    const first = helper();
    governor.kill('SIGSTOP');
    await expectUndone(of, 'frozen');
    governor.kill('SIGCONT');
    expect(await until(() => helper() !== first && of.program.stopped())).toBe(true);
    governor.kill('SIGKILL');
    await expectUndone(of, 'killed');
  });

  it('learns that everything was undone when its helper alone was frozen', async () => {
    const of = bench();
    let lost: boolean | undefined;
    const helper = openLimitHelper({ ...of.stub, onLost: (was) => (lost = was) });
    onTestFinished(helper.close);
    await helper.hold([of.program]);
    await helper.setLimit('GPU-0', 250);
    process.kill(helper.pid()!, 'SIGSTOP');
    await expectUndone(of, 'frozen');
    expect(await until(() => lost !== undefined)).toBe(true);
    expect([lost, fs.existsSync(of.stub.journal)]).toEqual([true, false]);
  });
});

/** An interactive shell in a separate terminal. */
function terminal(): { readonly type: (line: string) => void; readonly run: (line: string) => Promise<Watched> } {
  const shell = spawn('script', ['-qfc', 'bash --norc --noprofile -i', '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void shell.kill('SIGKILL'));
  let shown = '';
  shell.stdout.on('data', (text) => (shown += String(text)));
  const type = (line: string): void => void shell.stdin.write(`${line}\n`);
  return {
    type,
    /** a command line that prints `pid NUMBER` */
    async run(line) {
      type(line);
      await until(() => /pid \d+/.test(shown));
      return watched(Number(/pid (\d+)/.exec(shown)![1]));
    },
  };
}
const SLEEPER = `sh -c 'echo pid $$; exec sleep 1000'`;

describe('a program that pausing would harm is left alone', () => {
  const open = () => {
    const helper = openLimitHelper(stubSmi());
    onTestFinished(helper.close);
    return helper;
  };

  it('in the foreground of a terminal: its shell would take it for a stopped job', async () => {
    const program = await terminal().run(SLEEPER);
    expect(await open().hold([program])).toEqual(refusal('foreground'));
    expect(program.stopped()).toBe(false);
  });

  it('but in the background of a terminal it is paused and continues there', async () => {
    const program = await terminal().run(`${SLEEPER} &`);
    const group = program.group();
    const helper = open();
    expect(await helper.hold([program])).toEqual(HELD);
    expect(await until(program.stopped)).toBe(true);
    await helper.close();
    expect([await until(() => !program.stopped()), program.group()]).toEqual([true, group]);
  });

  it('stopped by the user before: it is not continued when everything is undone', async () => {
    const program = sleeper();
    process.kill(program.pid, 'SIGSTOP');
    await until(program.stopped);
    const helper = open();
    expect(await helper.hold([program])).toEqual(refusal('already-stopped'));
    await helper.undo();
    await helper.close();
    expect(program.stopped()).toBe(true);
  });

  it('ended, and its number given to another process', async () => {
    const program = sleeper();
    const before = { pid: program.pid, startedAt: String(Number(program.startedAt) - 1) };
    expect(await open().hold([before])).toEqual(refusal('ended'));
    expect(program.stopped()).toBe(false);
  });

  it('of another user', async () => {
    const program = someoneElses();
    expect(await open().hold([program])).toEqual(refusal('other-user'));
    expect(program.stopped()).toBe(false);
  });

  it('as a whole: when one of its processes may not be paused, none is', async () => {
    const [first, second] = [sleeper(), sleeper()];
    process.kill(second.pid, 'SIGSTOP');
    await until(second.stopped);
    expect(await open().hold([first, second])).toEqual(refusal('already-stopped'));
    expect(first.stopped()).toBe(false);
  });
});

/** A control group (version 2) to itself for one test; undefined where this user may make none. */
function controlGroup():
  { readonly folder: string; readonly add: (pid: number) => void; readonly frozen: () => boolean } | undefined {
  const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const mount = mounts.map((line) => line.split(' ')).find((fields) => fields[3] === '/' && fields.includes('cgroup2'));
  const folder = `${mount?.[4]}/slowburn-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    fs.mkdirSync(folder);
  } catch {
    return undefined;
  }
  const emptied: number[] = [];
  onTestFinished(async () => {
    fs.writeFileSync(`${folder}/cgroup.freeze`, '0');
    for (const pid of emptied) signal(pid, 'SIGKILL');
    await until(() => {
      try {
        fs.rmdirSync(folder);
        return true;
      } catch {
        return false; // a process has not ended yet
      }
    });
  });
  return {
    folder,
    add(pid) {
      emptied.push(pid);
      fs.writeFileSync(`${folder}/cgroup.procs`, String(pid));
    },
    frozen: () => /^frozen 1$/m.test(fs.readFileSync(`${folder}/cgroup.events`, 'utf8')),
  };
}

describe('a program with a control group to itself', () => {
  it('is frozen instead of stopped where the group may be written, and thawed when the helper is killed', async () => {
    const of = bench();
    const group = controlGroup();
    group?.add(of.program.pid);
    const paused = (): boolean => (group ? group.frozen() : of.program.stopped());
    const slowburn = await governed(script, of.stub, of.program);
    await until(slowburn.held);
    expect(await until(paused)).toBe(true);
    expect(group && of.program.stopped()).not.toBe(true);
    signal(-slowburn.helper(), 'SIGKILL');
    slowburn.governor.kill('SIGKILL');
    expect(await until(() => !paused())).toBe(true);
  });

  it('is frozen together with its children, and resumed', async () => {
    const group = controlGroup();
    const parent = spawn('sh', ['-c', 'sleep 1000 & wait'], { stdio: 'ignore' });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const children = (): string => fs.readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim();
    await until(() => children() !== '');
    for (const pid of [parent.pid!, Number(children())]) group?.add(pid);
    const program = watched(parent.pid!);
    const helper = openLimitHelper(stubSmi());
    onTestFinished(helper.close);
    expect(await helper.hold([program])).toEqual(HELD);
    expect(await until(() => (group ? group.frozen() : program.stopped()))).toBe(true);
    await helper.resume([program]);
    expect(await until(() => (group ? !group.frozen() : !program.stopped()))).toBe(true);
  });

  it('is stopped by a signal where the group holds another process', async () => {
    const [program, bystander] = [sleeper(), sleeper()];
    const group = controlGroup();
    for (const { pid } of [program, bystander]) group?.add(pid);
    const helper = openLimitHelper(stubSmi());
    onTestFinished(helper.close);
    expect(await helper.hold([program])).toEqual(HELD);
    expect([await until(program.stopped), bystander.stopped(), group?.frozen() ?? false]).toEqual([true, false, false]);
  });

  it.each(['the group', 'a group below it'])('is stopped by a signal where Slowburn is in %s', async (where) => {
    const of = bench();
    const group = controlGroup();
    group?.add(of.program.pid);
    const inner = group && path.join(group.folder, 'inner');
    if (inner && where !== 'the group') {
      fs.mkdirSync(inner);
      onTestFinished(() =>
        until(() => fs.readFileSync(`${inner}/cgroup.procs`, 'utf8') === '').then(() => fs.rmdirSync(inner)),
      );
    }
    const slowburn = await governed(script, of.stub, of.program);
    const own = where === 'the group' ? group?.folder : inner;
    if (own)
      for (const pid of [slowburn.governor.pid!, slowburn.helper()])
        fs.writeFileSync(`${own}/cgroup.procs`, String(pid));
    expect(await until(of.program.stopped)).toBe(true);
    expect(group?.frozen() ?? false).toBe(false);
    slowburn.governor.kill('SIGKILL');
    await expectUndone(of, 'killed');
  });

  it('that the user had frozen is not thawed when everything is undone', async () => {
    const program = sleeper();
    const group = controlGroup();
    group?.add(program.pid);
    if (group) fs.writeFileSync(`${group.folder}/cgroup.freeze`, '1');
    else process.kill(program.pid, 'SIGSTOP');
    const paused = (): boolean => (group ? group.frozen() : program.stopped());
    await until(paused);
    const helper = openLimitHelper(stubSmi());
    expect(await helper.hold([program])).toEqual(refusal('already-stopped'));
    await helper.close();
    expect(paused()).toBe(true);
  });
});
