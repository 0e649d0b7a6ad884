import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openLimitHelper } from '../../app/governor/limit-helper.node.ts';
import { bench, buildGoverned, expectUndone, governed, signal } from '../support/governed.ts';
import { sleeper, until, watched } from '../support/processes.ts';
import { stubSmi } from '../support/stub-smi.ts';

const HELD = { ok: true, value: 'held' };
const refusal = (value: string) => ({ ok: true, value });

let script: string;
beforeAll(async () => {
  const built = await buildGoverned();
  script = built.script;
  return built.remove;
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
