import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { openTap } from '../../app/workload/governor/tap.node.ts';
import { recover } from '../../app/workload/governor/taps.node.ts';
import { identityOf } from '../../app/workload/process-facts.node.ts';
import { temporaryFolder } from '../support/folders.ts';

const ORIGINAL_W = '350.00';

/** A folder with an nvidia-smi whose cap is a file, as slow as the real one is quick. */
function stubSmi(): { readonly smi: string; readonly cap: () => string; readonly journal: string } {
  const folder = temporaryFolder();
  const file = path.join(folder, 'cap');
  const smi = path.join(folder, 'nvidia-smi');
  fs.writeFileSync(file, ORIGINAL_W);
  fs.writeFileSync(
    smi,
    `#!/bin/sh
case $3 in
  -pl) if [ "\${4%.*}" -gt 400 ]; then echo "Provided power limit $4 W is not a valid power limit"; exit 1; fi
    sleep 0.01; printf '%s.00' "\${4%.*}" > ${file}.new; mv ${file}.new ${file} ;;
  *) cat ${file} ;;
esac
`,
    { mode: 0o755 },
  );
  return { smi, cap: () => fs.readFileSync(file, 'utf8'), journal: path.join(folder, 'tap.journal') };
}

function target(): { readonly pid: number; readonly startedAt: string; readonly state: () => string } {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid!;
  const state = (): string => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0]!;
  };
  return { pid, startedAt: identityOf(pid)!.startedAt, state };
}

type Bench = ReturnType<typeof stubSmi> & ReturnType<typeof target>;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(done: () => boolean, withinMs = 5000): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(10)) if (done()) return true;
  return done();
}

describe('the hand on the tap', () => {
  it('stops and lets go of a process, changes and restores a cap, and undoes all at its end', async () => {
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt, state } = target();
    const tap = openTap({ journal, smi });
    onTestFinished(tap.close);
    expect(await tap.stop(pid, startedAt)).toEqual({ ok: true, value: undefined });
    expect(await until(() => state() === 'T')).toBe(true);
    await tap.resume(pid, startedAt);
    expect(await until(() => state() !== 'T')).toBe(true);
    await tap.setCap('GPU-0', 250);
    expect(cap()).toBe('250.00');
    await tap.setCap('GPU-0', 220);
    await tap.releaseCap('GPU-0');
    expect(cap()).toBe(ORIGINAL_W);
    await tap.setCap('GPU-0', 300);
    await tap.stop(pid, startedAt);
    await tap.close();
    expect(await until(() => state() !== 'T')).toBe(true);
    expect([cap(), fs.existsSync(journal)]).toEqual([ORIGINAL_W, false]);
  });

  it('refuses what it must not do, and says why', async () => {
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt } = target();
    const tap = openTap({ journal, smi });
    onTestFinished(tap.close);
    const why = async (answer: ReturnType<typeof tap.stop>) => {
      const result = await answer;
      return result.ok ? 'ok' : result.error.message;
    };
    expect(await why(tap.stop(pid, String(Number(startedAt) + 1)))).toContain('it has ended'); // the number was used again
    expect(await why(tap.setCap('GPU-0; rm -rf x', 200))).toContain('not a command');
    expect(await why(tap.setCap('GPU-0', 900))).toContain('not a valid power limit');
    expect(await why(tap.setCap('GPU-0', Number.NaN))).toContain('not a power');
    expect(cap()).toBe(ORIGINAL_W);
    expect(fs.readFileSync(journal, 'utf8')).toBe(`tap ${tap.pid()} ${identityOf(tap.pid()!)!.startedAt}\n`);
  });

  it('undoes at the next start what a power cut left behind', async () => {
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt, state } = target();
    process.kill(pid, 'SIGSTOP');
    fs.writeFileSync(journal, `stop ${pid} ${startedAt}\ncap GPU-0 310.00\nhalf a li`);
    const tap = openTap({ journal, smi });
    onTestFinished(tap.close);
    expect(await until(() => cap() === '310.00' && state() !== 'T')).toBe(true);
  });

  it('goes by what it knows, not by a journal that somebody deletes meanwhile', async () => {
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt, state } = target();
    const tap = openTap({ journal, smi });
    await tap.stop(pid, startedAt);
    await tap.setCap('GPU-0', 250);
    fs.rmSync(journal);
    await tap.close();
    expect(await until(() => state() !== 'T')).toBe(true);
    expect(cap()).toBe(ORIGINAL_W);
  });

  it('does nothing that it could not write down first', async () => {
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt, state } = target();
    const tap = openTap({ journal, smi });
    onTestFinished(tap.close);
    await tap.undo();
    fs.mkdirSync(`${journal}.new`); // even root cannot write there
    expect(await tap.stop(pid, startedAt)).toMatchObject({ ok: false });
    expect(await tap.setCap('GPU-0', 250)).toMatchObject({ ok: false });
    expect([state() === 'T', cap()]).toEqual([false, ORIGINAL_W]);
    fs.rmdirSync(`${journal}.new`);
  });

  it('waits for the tap before it, which is still at its undoing', async () => {
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt, state } = target();
    const first = openTap({ journal, smi });
    await first.stop(pid, startedAt);
    await first.setCap('GPU-0', 250);
    process.kill(first.pid()!, 'SIGSTOP'); // as one that hangs in the driver
    const ending = first.close();
    const second = openTap({ journal, smi });
    onTestFinished(second.close);
    const stopping = second.stop(pid, startedAt);
    await sleep(300);
    process.kill(first.pid()!, 'SIGCONT');
    expect(await stopping).toEqual({ ok: true, value: undefined });
    await ending;
    await sleep(100);
    expect([state(), cap()]).toEqual(['T', ORIGINAL_W]);
    expect(fs.readFileSync(journal, 'utf8')).toContain(`stop ${pid} ${startedAt}`);
  });

  it('leaves another Slowburn’s work alone, and says so', async () => {
    const { smi, cap, journal } = stubSmi();
    const first = openTap({ journal, smi });
    onTestFinished(first.close);
    await first.setCap('GPU-0', 250);
    const second = openTap({ journal, smi });
    onTestFinished(second.close);
    expect(await second.setCap('GPU-0', 200)).toMatchObject({
      ok: false,
      error: { message: 'Another Slowburn holds the power caps or processes.' },
    });
    expect(cap()).toBe('250.00');
  });
});

describe('the next start of Slowburn', () => {
  it('undoes what was left when it and its tap were both killed', async () => {
    const folder = temporaryFolder();
    const { pid, startedAt, state } = target();
    process.kill(pid, 'SIGSTOP');
    fs.writeFileSync(path.join(folder, 'tap.journal'), `tap 4194304 1\nstop ${pid} ${startedAt}\n`);
    await recover(folder);
    expect(await until(() => state() !== 'T')).toBe(true);
    expect(fs.existsSync(path.join(folder, 'tap.journal'))).toBe(false);
  });

  it('touches nothing that took the number of a process since', async () => {
    const folder = temporaryFolder();
    const { pid, startedAt, state } = target();
    process.kill(pid, 'SIGSTOP'); // by a person, at a terminal
    fs.writeFileSync(path.join(folder, 'tap.journal'), `stop ${pid} ${Number(startedAt) - 1}\n`);
    await recover(folder);
    await sleep(100);
    expect(state()).toBe('T');
  });
});

describe('whoever is killed, nothing stays stopped and the cap is the original one', () => {
  let script: string;
  beforeAll(async () => {
    const folder = fs.mkdtempSync('/tmp/slowburn-governed-');
    await build({
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true },
      build: { ssr: path.resolve(import.meta.dirname, '../support/governed.mjs'), outDir: folder, minify: false },
    });
    script = path.join(
      folder,
      fs.readdirSync(folder).find((name) => name.startsWith('governed'))!,
    );
    return () => fs.rmSync(folder, { recursive: true });
  });

  /** Five cards and programs at once, ten moments each. */
  const fifty = async (round: (bench: Bench, random: () => number) => Promise<void>): Promise<void> => {
    const lanes = Array.from({ length: 5 }, async (_, lane) => {
      const random = createRandom(lane + 1);
      const bench = { ...stubSmi(), ...target() };
      for (let i = 0; i < 10; i++) {
        await round(bench, random);
        const restored = (): boolean => bench.state() !== 'T' && bench.cap() === ORIGINAL_W;
        await until(restored);
        expect([bench.state() === 'T', bench.cap()], `lane ${lane}, round ${i}`).toEqual([false, ORIGINAL_W]);
      }
    });
    await Promise.all(lanes);
  };

  /** A governor in a process of its own that stops and caps without a pause. */
  async function governed({ journal, smi, pid, startedAt }: Bench, random: () => number) {
    const governor = spawn(process.execPath, [script, journal, smi, String(pid), startedAt], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let tapPid = 0;
    let held = false;
    governor.stdout.on('data', (text) => {
      for (const [, word, number] of String(text).matchAll(/(tap|held) (\d+)/g)) {
        tapPid = Number(number);
        held ||= word === 'held';
      }
    });
    const early = random() < 0.2;
    await until(() => (early ? tapPid > 0 : held));
    await sleep(random() * 120);
    return { governor, tapPid, ended: new Promise((resolve) => governor.on('exit', resolve)) };
  }

  it(
    'kill -9 of the governor at 50 random moments',
    () =>
      fifty(async (bench, random) => {
        const { governor, ended } = await governed(bench, random);
        governor.kill('SIGKILL');
        await ended;
      }),
    60_000,
  );

  it('kill -9 of the tap at 50 random moments', () =>
    fifty(async ({ journal, smi, pid, startedAt }, random) => {
      let lost = false;
      const tap = openTap({ journal, smi, onLost: (undone) => (lost = undone) });
      await tap.undo(); // it is there
      const governing = (async () => {
        for (let i = 0; !lost; i++) {
          await tap.stop(pid, startedAt);
          if (!lost) await tap.setCap('GPU-0', 200 + (i % 5) * 10);
          if (i % 3 === 2 && !lost) await tap.resume(pid, startedAt);
        }
      })();
      await sleep(30 + random() * 150);
      process.kill(tap.pid()!, 'SIGKILL');
      await until(() => lost);
      await governing;
      await tap.undo(); // the one that took its place is there
      await tap.close();
    }));

  it(
    'kill -9 of both at 50 random moments, and a next start',
    () =>
      fifty(async (bench, random) => {
        const { governor, tapPid, ended } = await governed(bench, random);
        process.kill(tapPid, 'SIGKILL');
        governor.kill('SIGKILL');
        await ended;
        await openTap(bench).close();
      }),
    60_000,
  );
});
