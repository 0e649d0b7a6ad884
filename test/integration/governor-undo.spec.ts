import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { openLimitHelper } from '../../app/governor/limit-helper.node.ts';
import { bench, buildGoverned, expectUndone, governed, signal, type Bench } from '../support/governed.ts';
import { sleep, sleeper, someoneElses, until, watched, type Watched } from '../support/processes.ts';
import { stubSmi } from '../support/stub-smi.ts';

const HELD = { ok: true, value: 'held' };
const refusal = (value: string) => ({ ok: true, value });

let script: string;
beforeAll(async () => {
  const built = await buildGoverned();
  script = built.script;
  return built.remove;
});

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
