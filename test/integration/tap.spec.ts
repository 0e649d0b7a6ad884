import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { openTap } from '../../app/workload/governor/tap.node.ts';
import { identityOf } from '../../app/workload/process-facts.node.ts';
import { temporaryFolder } from '../support/folders.ts';

const ORIGINAL_W = '350.00';
// 25 in all; lanes stand beside each other, because a round waits more than it works
const LANES = 5;
const ROUNDS = 5;

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
    expect(fs.readFileSync(journal, 'utf8')).toBe(`tap ${tap.pid()}\n`);
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

  /** Kills `whom` at random moments, one round after the other, on a tap and a process of its own. */
  async function killRounds(whom: 'the governor' | 'the tap', lane: number): Promise<void> {
    const random = createRandom(whom.length + 100 * lane);
    const { smi, cap, journal } = stubSmi();
    const { pid, startedAt, state } = target();
    const start = (): ChildProcess =>
      spawn(process.execPath, [script, journal, smi, String(pid), startedAt], { stdio: ['ignore', 'pipe', 'inherit'] });
    for (let round = 0; round < ROUNDS; round++) {
      const governor = start();
      let tapPid = 0;
      let held = false;
      governor.stdout!.on('data', (text) => {
        for (const [, word, number] of String(text).matchAll(/(tap|held) (\d+)/g)) {
          tapPid = Number(number);
          held ||= word === 'held';
        }
      });
      const ended = new Promise((resolve) => governor.on('exit', resolve));
      await until(() => (round % 5 === 0 ? tapPid > 0 : held), 20_000);
      await sleep(random() * 120);
      if (whom === 'the tap') {
        process.kill(tapPid, 'SIGKILL');
        await sleep(random() * 250); // another tap takes its place, and goes on; then the governor goes too
      }
      governor.kill('SIGKILL');
      await ended;
      const isRestored = () => state() !== 'T' && cap() === ORIGINAL_W && !fs.existsSync(journal);
      const restored = await until(isRestored, whom === 'the tap' ? 2000 : 20_000);
      if (!restored && whom === 'the tap') {
        // both were killed before another tap was there: the next start undoes it
        const tap = openTap({ journal, smi });
        await tap.undo();
        await tap.close();
      }
      expect([state() === 'T', cap()], `round ${round}`).toEqual([false, ORIGINAL_W]);
    }
  }

  it.each(['the governor', 'the tap'] as const)('kill -9 of %s at 25 random moments', async (whom) => {
    await Promise.all(Array.from({ length: LANES }, (_, lane) => killRounds(whom, lane)));
  });
});
