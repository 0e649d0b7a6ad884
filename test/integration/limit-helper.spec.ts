import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLimitHelper } from '../../app/governor/limit-helper.node.ts';
import { recover } from '../../app/governor/limit-helpers.node.ts';
import type { Result } from '../../app/core/result.ts';
import { temporaryFolder } from '../support/folders.ts';
import { sleep, sleeper, until } from '../support/processes.ts';
import { ORIGINAL_W, stubSmi } from '../support/stub-smi.ts';

const DONE = { ok: true, value: undefined };
const HELD = { ok: true, value: 'held' };
const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const why = (result: Result<unknown>): string => (result.ok ? String(result.value) : result.error.message);

describe('the limit helper', () => {
  it('holds and resumes a program, sets and restores a power limit, and undoes all at its end', async () => {
    const { smi, limit, journal } = stubSmi();
    const program = sleeper();
    const helper = openLimitHelper({ journal, smi });
    onTestFinished(helper.close);
    expect(await helper.hold([program])).toEqual(HELD);
    expect(await until(program.stopped)).toBe(true);
    expect(await helper.resume([program])).toEqual(DONE);
    expect(await until(() => !program.stopped())).toBe(true);
    expect(await helper.setLimit('GPU-0', 250)).toEqual(DONE);
    expect(limit()).toBe('250.00');
    await helper.setLimit('GPU-0', 220);
    await helper.restoreLimit('GPU-0');
    expect(limit()).toBe(ORIGINAL_W);
    await helper.setLimit('GPU-0', 300);
    await helper.hold([program]);
    await helper.close();
    expect([program.stopped(), limit(), fs.existsSync(journal)]).toEqual([false, ORIGINAL_W, false]);
  });

  it.each([
    ['GPU-0', 99, 'from 100 to 400 W'],
    ['GPU-0', 401, 'from 100 to 400 W'],
    ['GPU-0', Number.NaN, 'did not accept'],
    ['GPU-0', -200, 'did not accept'],
    ['GPU-2', 200, 'no GPU with this UUID'],
    ['0', 200, 'no GPU with this UUID'], // an index, which nvidia-smi would take for a card
    ['GPU-mute', 200, 'does not report which power limits'],
    ['GPU-0; rm -rf x', 200, 'not the identifier'],
    ['GPU-0 300\nlimit GPU-1', 200, 'not the identifier'],
  ])('refuses to set %j to %d W, and says why', async (uuid, watts, reason) => {
    const { smi, changes, journal } = stubSmi();
    const helper = openLimitHelper({ journal, smi });
    onTestFinished(helper.close);
    expect(why(await helper.setLimit(uuid, watts))).toContain(reason);
    expect(changes()).toEqual([]);
  });

  it.each([100, 400])('accepts %d W, which is just within the limits of the card', async (watts) => {
    const { smi, limit, journal } = stubSmi();
    const helper = openLimitHelper({ journal, smi });
    onTestFinished(helper.close);
    expect(await helper.setLimit('GPU-0', watts)).toEqual(DONE);
    expect(limit()).toBe(`${watts}.00`);
  });

  it('tells what the driver said when it refuses a power limit', async () => {
    const { smi, limit, journal, refuse } = stubSmi();
    refuse();
    const helper = openLimitHelper({ journal, smi });
    onTestFinished(helper.close);
    expect(why(await helper.setLimit('GPU-0', 200))).toContain('The current user does not have permission');
    expect(limit()).toBe(ORIGINAL_W);
  });

  it('changes nothing that it could not write down first', async () => {
    const { smi, limit, journal } = stubSmi();
    const program = sleeper();
    const helper = openLimitHelper({ journal, smi });
    onTestFinished(helper.close);
    await helper.undo();
    fs.mkdirSync(`${journal}.new`); // even root cannot write there
    expect(await helper.hold([program])).toEqual({ ok: true, value: 'no-journal' });
    expect(await helper.setLimit('GPU-0', 250)).toMatchObject({ ok: false, error: { code: 'write-failed' } });
    expect([program.stopped(), limit()]).toEqual([false, ORIGINAL_W]);
    fs.rmdirSync(`${journal}.new`);
  });

  it('undoes everything even when somebody deletes its journal', async () => {
    const { smi, limit, journal } = stubSmi();
    const program = sleeper();
    const helper = openLimitHelper({ journal, smi });
    await helper.hold([program]);
    await helper.setLimit('GPU-0', 250);
    fs.rmSync(journal);
    await helper.close();
    expect(await until(() => !program.stopped())).toBe(true);
    expect(limit()).toBe(ORIGINAL_W);
  });

  it('waits for the helper before it, which is still undoing', async () => {
    const { smi, limit, journal } = stubSmi();
    const program = sleeper();
    const first = openLimitHelper({ journal, smi });
    await first.hold([program]);
    await first.setLimit('GPU-0', 250);
    process.kill(first.pid()!, 'SIGSTOP'); // as one that hangs in the driver
    const ending = first.close();
    const second = openLimitHelper({ journal, smi });
    onTestFinished(second.close);
    const holding = second.hold([program]);
    await sleep(300);
    process.kill(first.pid()!, 'SIGCONT');
    expect(await holding).toEqual(HELD);
    await ending;
    expect([await until(program.stopped), limit()]).toEqual([true, ORIGINAL_W]);
    expect(fs.readFileSync(journal, 'utf8')).toContain(`stop,${program.pid},${program.startedAt}`);
  });

  it('leaves another Slowburn’s work alone, and says so', async () => {
    const { smi, limit, journal } = stubSmi();
    const first = openLimitHelper({ journal, smi });
    onTestFinished(first.close);
    await first.setLimit('GPU-0', 250);
    const second = openLimitHelper({ journal, smi });
    onTestFinished(second.close);
    expect(why(await second.setLimit('GPU-0', 200))).toContain('Another Slowburn');
    expect(limit()).toBe('250.00');
  });
});

describe('the next start of Slowburn', () => {
  const leftBehind = (folder: string, entries: string, of = boot): string => {
    const journal = path.join(folder, 'governor.journal');
    fs.writeFileSync(journal, `helper ${of} 4194304 1 4194305 1\n${entries}\n`);
    return journal;
  };

  it('undoes what was left when helper, watchdog and Slowburn were all killed', async () => {
    const folder = temporaryFolder();
    const program = sleeper();
    process.kill(program.pid, 'SIGSTOP');
    const journal = leftBehind(folder, `stop,${program.pid},${program.startedAt}`);
    expect(await recover(folder)).toBe('nothing');
    expect(await until(() => !program.stopped())).toBe(true);
    expect(fs.existsSync(journal)).toBe(false);
  });

  it('restores a power limit that was left', async () => {
    const { smi, limit, journal } = stubSmi();
    leftBehind(path.dirname(journal), 'limit,GPU-0,310.00');
    const helper = openLimitHelper({ journal, smi });
    onTestFinished(helper.close);
    expect(await until(() => limit() === '310.00')).toBe(true);
  });

  it('leaves a program alone that took the number of a held one since', async () => {
    const folder = temporaryFolder();
    const program = sleeper();
    process.kill(program.pid, 'SIGSTOP'); // by a person, at a terminal
    leftBehind(folder, `stop,${program.pid},${Number(program.startedAt) - 1}`);
    await recover(folder);
    expect(program.stopped()).toBe(true);
  });

  it('ignores a journal of an earlier boot: the driver’s limits are its own again', async () => {
    const { smi, changes, journal } = stubSmi();
    leftBehind(path.dirname(journal), 'limit,GPU-0,310.00', 'another-boot');
    const helper = openLimitHelper({ journal, smi });
    await helper.undo();
    await helper.close();
    expect(changes()).toEqual([]);
  });
});
