import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { countFiles } from '../../app/workload/adapters/files.node.ts';
import { linearPattern } from '../../app/core/linear-pattern.ts';
import { parseGlob } from '../../app/workload/adapters/glob.ts';
import { countLines } from '../../app/workload/adapters/lines.ts';
import type { Result } from '../../app/core/result.ts';
import { temporaryFolder } from '../support/folders.ts';

/** What a result holds; a failure fails the test. */
function held<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('a glob', () => {
  it.each([
    ['out/**/*.png', 'out', ['a.png', 'x/y/a.png'], ['a.jpg', 'a.png/x']],
    ['*.{png,jpg}', '.', ['a.png', 'b.jpg'], ['x/a.png', 'a.gif']],
    ['out/image_?.png', 'out', ['image_1.png'], ['image_12.png', 'image_..png/x']],
    ['/data/out/a+b (1).png', '/data/out', ['a+b (1).png'], ['aab (1).png']],
    ['out/**', 'out', ['a', 'x/y'], ['']],
  ])('%s walks %s', (text, folder, yes, no) => {
    const glob = held(parseGlob(text));
    expect(glob.folder).toBe(folder);
    expect(yes.filter((name) => !glob.pattern.test(name))).toEqual([]);
    expect(no.filter((name) => glob.pattern.test(name))).toEqual([]);
  });
});

describe('files as outputs', () => {
  it('count when they are created or overwritten, once each', () => {
    const folder = temporaryFolder();
    const write = (name: string, atS: number): void => {
      const file = path.join(folder, 'out', name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, 'x');
      fs.utimesSync(file, atS, atS);
    };
    write('old.png', 1000);
    write('again.png', 1000);
    const files = countFiles(held(parseGlob('out/**/*.png')), folder);
    write('again.png', 2000);
    write('deep/new.png', 2001);
    write('new.txt', 2002);
    files.look();
    write('deep/new.png', 2003);
    files.look();
    expect(files.count()).toBe(2);
    expect(files.marks().map(({ tsMs }) => tsMs)).toEqual([2_000_000, 2_001_000]);
  });

  it('need no folder to be there at first', () => {
    const files = countFiles(held(parseGlob('not/there/*.png')), temporaryFolder());
    files.look();
    expect(files.count()).toBe(0);
  });
});

describe('lines as outputs', () => {
  it('count however the text is cut, and whatever ends them', () => {
    const lines = countLines(held(linearPattern('^saved')), () => 5);
    for (const piece of ['sav', 'ed 1\nstep 1\rsaved', ' 2\r\n', 'saved 3']) lines.feed(piece);
    expect(lines.count()).toBe(2);
    lines.end();
    expect(lines.count()).toBe(3);
    expect(lines.marks()).toHaveLength(3);
  });
});
