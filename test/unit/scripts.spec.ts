import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareSection, guarded } from '../../scripts/bench/compare.mjs';
import { optionRows, settingRows } from '../../scripts/docs/stability.mjs';
import { archiveOf, distributionOf, sourceLines } from '../../scripts/foreign/packages.mjs';
import { mutationRooms } from '../../scripts/mutate/rooms.mjs';
import { scoreOf } from '../../scripts/mutate.mjs';
import { countsOf } from '../../scripts/test-long.mjs';
import { Command, Option } from 'commander';
import * as z from 'zod';

describe('a comparison of benchmarks', () => {
  const machine = { cpu: 'A', cores: 2, node: '20', electron: '33' };
  const rows = {
    'a.ms': { better: 'lower', noise: 0.1 },
    'a.gain': { better: 'higher', noise: 0.1, ratio: true },
  } as const;
  const compare = (before: object, now: object) => compareSection('a', before, now, rows);

  it('reports what is worse by more than its noise', () => {
    const before = { machine, a: { ms: 10, gain: 5 } };
    expect(compare(before, { machine, a: { ms: 11, gain: 4.5 } }).worse).toEqual([]);
    expect(compare(before, { machine, a: { ms: 11.1, gain: 4.4 } }).worse).toEqual([
      'a.ms: 10 → 11.1 (+11 %, noise ± 10 %)',
      'a.gain: 5 → 4.4 (-12 %, noise ± 10 %)',
    ]);
    const improved = compare(before, { machine, a: { ms: 8, gain: 6 } });
    expect([improved.worse.length, improved.better.length]).toEqual([0, 2]);
  });

  it('compares only ratios with figures of another machine', () => {
    const before = { machine, a: { ms: 10, gain: 5 } };
    const now = { machine: { ...machine, cpu: 'B' }, a: { ms: 100, gain: 5 } };
    expect(compare(before, now)).toEqual({ compared: 1, worse: [], better: [] });
  });

  it('knows the machine of each section, which may differ', () => {
    const [mine, other] = [machine, { ...machine, cpu: 'B' }];
    const of = (a: object) => ({ machine: mine, a });
    expect(compare(of({ machine: other, ms: 10 }), of({ machine: other, ms: 20 })).compared).toBe(1);
    expect(compare(of({ machine: other, ms: 10 }), of({ machine: mine, ms: 20 })).compared).toBe(0);
    expect(compare(of({ ms: 10 }), of({ machine: mine, ms: 20 })).compared).toBe(1);
  });

  it('skips a figure that only one of them has', () => {
    expect(compare({ machine, a: { ms: 10 } }, { machine, a: { gain: 5 } }).compared).toBe(0);
  });

  it('knows every section that is committed', () => {
    const results = JSON.parse(fs.readFileSync('bench/results.json', 'utf8')) as Record<string, object>;
    for (const section of Object.keys(results).filter((name) => name !== 'machine')) {
      expect(
        Object.keys(guarded).filter((name) => name.startsWith(`${section}.`)),
        section,
      ).not.toEqual([]);
    }
  });
});

describe('packages of other people', () => {
  it('come from the distribution’s own archive, as the system names it', () => {
    const fields = 'Types: deb\nURIs: http://mirror.test/debian\nSuites: a\nSigned-By: /keys/a.gpg\n';
    const security = 'Types: deb\nURIs: http://mirror.test/debian-security\nSuites: a\n';
    const line = 'deb [arch=amd64 signed-by=/keys/b.gpg] https://mirror.test/ubuntu/ noble main\n';
    expect(archiveOf([`${security}\n${fields}`], 'debian')).toEqual({
      uri: 'http://mirror.test/debian',
      signedBy: '/keys/a.gpg',
    });
    expect(archiveOf([line], 'ubuntu')).toEqual({ uri: 'https://mirror.test/ubuntu/', signedBy: '/keys/b.gpg' });
    expect(archiveOf([security, line], 'debian')).toBeUndefined();
  });

  it('may come from other suites and sections than the system uses', () => {
    expect(sourceLines({ uri: 'http://mirror.test/debian', signedBy: '/keys/a.gpg' }, ['a', 'b'], 'main contrib')).toBe(
      'deb [signed-by=/keys/a.gpg] http://mirror.test/debian a main contrib\n' +
        'deb [signed-by=/keys/a.gpg] http://mirror.test/debian b main contrib\n',
    );
    expect(distributionOf('ID=debian\nVERSION_CODENAME=bookworm\n')).toEqual({ id: 'debian', codename: 'bookworm' });
  });
});

describe('a mutation score', () => {
  it('counts what was noticed, and leaves out what does not compile or is disabled', () => {
    const states = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'CompileError', 'Ignored'].map((status) => ({
      status,
    }));
    expect(scoreOf(states)).toEqual({ killed: 2, alive: 2, scorePct: 50 });
  });

  it.each(Object.entries(mutationRooms))('of %s has files and specs', (_, { files, specs }) => {
    const below = (folder: string) =>
      fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`);
    expect(below('app').some((name) => files.test(name))).toBe(true);
    expect(below('test').some((name) => specs.test(name))).toBe(true);
  });
});

describe('the long suite', () => {
  it('counts a runner that ended badly without a failed test as one failure', () => {
    expect(countsOf(undefined, 1)).toEqual({ passed: 0, failed: 1, notAvailable: 0 });
    expect(countsOf({ numPassedTests: 2, numFailedTests: 0, numPendingTests: 1 }, 0)).toEqual({
      passed: 2,
      failed: 0,
      notAvailable: 1,
    });
  });
});

describe('the page of what stays stable', () => {
  it('has a row for each option, and calls a hidden one deprecated', () => {
    const program = new Command('slowburn');
    program
      .command('wear')
      .addOption(new Option('--gpu <uuid>', 'a card'))
      .addOption(new Option('--card <uuid>', 'old').hideHelp());
    expect(optionRows(program)).toEqual([
      ['`wear`', '`--gpu <uuid>`', 'stable', 'a card'],
      ['`wear`', '`--card <uuid>`', 'deprecated', 'old'],
    ]);
  });

  it('has a row for each settings key, also of nested ones', () => {
    const schema = z.object({
      a: z.number().default(1),
      governor: z.object({ b: z.boolean().default(false) }).default({ b: false }),
    });
    expect(settingRows(schema, schema.parse({}))).toEqual([
      ['`a`', 'stable', '`1`'],
      ['`governor.b`', 'experimental', '`false`'],
    ]);
  });
});

describe('docs/security.md', () => {
  it('names only tests that exist', () => {
    const text = fs.readFileSync('docs/security.md', 'utf8');
    const named = [...text.matchAll(/`((?:[a-z]+\/)?[a-z-]+\.(?:spec|e2e))`/g)].map((found) => `test/${found[1]!}.ts`);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !fs.existsSync(name))).toEqual([]);
  });
});
