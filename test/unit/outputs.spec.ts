import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
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
  /** A folder with `out` in it, watched for a glob. `at` is the time of the change in s. */
  function watched(glob: string, before: readonly string[] = []) {
    const folder = temporaryFolder();
    const of = (name: string): string => path.join(folder, name);
    const write = (name: string, atS: number, content = `${name} ${atS}`): void => {
      fs.mkdirSync(path.dirname(of(name)), { recursive: true });
      fs.writeFileSync(of(name), content);
      fs.utimesSync(of(name), atS, atS);
    };
    const move = (from: string, to: string): void => {
      fs.mkdirSync(path.dirname(of(to)), { recursive: true });
      fs.renameSync(of(from), of(to));
    };
    before.forEach((name) => write(name, 1000));
    const files = countFiles(held(parseGlob(glob)), folder);
    const counted = (): number => {
      files.look();
      return files.count();
    };
    return { files, folder, of, write, move, counted };
  }

  it('count when they are created or overwritten, and not if they were there before', () => {
    const { files, write, counted } = watched('out/**/*.png', ['out/old.png', 'out/again.png']);
    write('out/again.png', 2000);
    write('out/deep/new.png', 2001);
    write('out/new.txt', 2002);
    expect(counted()).toBe(2);
    expect(counted()).toBe(2);
    expect(files.marks().map(({ tsMs }) => tsMs)).toEqual([2_000_000, 2_001_000]);
  });

  it('count each time that the same one is overwritten, larger, smaller or equal', () => {
    const { write, counted } = watched('out/latest.png');
    const sizes = [9000, 12_000, 8000, 8000];
    sizes.forEach((size, i) => {
      write('out/latest.png', 2000 + i / 2, String(i).repeat(size));
      expect(counted()).toBe(i + 1);
    });
    write('out/latest.png', 2010, '3'.repeat(8000)); // the same picture, made again
    expect(counted()).toBe(5);
  });

  it('count each time that one is replaced by another of the same name', () => {
    const { write, move, counted } = watched('out/*.png');
    for (const i of [1, 2, 3]) {
      write('out/.latest.tmp', 2000 + i);
      move('out/.latest.tmp', 'out/latest.png');
      expect(counted()).toBe(i);
    }
  });

  it('count once while they grow, at the time when they are complete', () => {
    const { files, of, write, counted } = watched('out/*.mp4');
    write('out/a.mp4', 2000, 'x'.repeat(5000));
    expect(counted()).toBe(1);
    for (const atS of [2001, 2002, 2030]) {
      fs.appendFileSync(of('out/a.mp4'), String(atS).repeat(2000));
      fs.utimesSync(of('out/a.mp4'), atS, atS);
      expect(counted()).toBe(1);
    }
    expect(files.marks()).toEqual([{ tsMs: 2_030_000, count: 1 }]);
  });

  it('count once while they are filled: a name that was reserved is no output', () => {
    const { write, counted } = watched('out/*');
    write('out/a.png', 2000, '');
    expect(counted()).toBe(0);
    write('out/a.png', 2001, 'abc');
    expect(counted()).toBe(1);
    write('out/a.png', 2001.5, 'abc'); // its header was completed
    expect(counted()).toBe(1);
  });

  it('count once where a temporary file gets its name later, even if it was still written to', () => {
    const { of, write, move, counted } = watched('out/*');
    write('out/a.png.part', 2000, 'x'.repeat(100));
    expect(counted()).toBe(1);
    fs.appendFileSync(of('out/a.png.part'), 'y'.repeat(100));
    move('out/a.png.part', 'out/a.png');
    expect(counted()).toBe(1);
  });

  it('count once where they are moved, old ones not at all', () => {
    const { write, move, counted } = watched('out/**/*.png', ['out/old.png']);
    write('out/new.png', 2000);
    expect(counted()).toBe(1);
    move('out/new.png', 'out/keep/new.png');
    move('out/old.png', 'out/keep/old.png');
    expect(counted()).toBe(1);
    write('out/new.png', 2005);
    expect(counted()).toBe(2);
  });

  it('count once where they are moved to another disk, which copies them with their time', () => {
    const { of, write, counted } = watched('out/**/*.png');
    write('out/new.png', 2000);
    expect(counted()).toBe(1);
    write('out/keep/new.png', 2000, 'out/new.png 2000');
    fs.rmSync(of('out/new.png'));
    expect(counted()).toBe(1);
  });

  it('count with an ending in capitals', () => {
    const { write, counted } = watched('out/*.png');
    write('out/A.PNG', 2000);
    expect(counted()).toBe(1);
  });

  it('need no folder to be there at first', () => {
    const { files, folder } = watched('not/there/*.png');
    files.look();
    expect(files.count()).toBe(0);
    expect(files.top()).toEqual({ folder: path.join(folder, 'not/there'), exists: false });
  });
});

describe('lines as outputs', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('count however the text is cut, and whatever ends them', () => {
    const lines = countLines(held(linearPattern('^saved')), () => 5);
    const { feed } = lines.stream();
    for (const piece of ['sav', 'ed 1\nstep 1\rsaved', ' 2\r\n', 'saved 3']) feed(bytes(piece));
    expect(lines.count()).toBe(2);
    lines.end();
    lines.end();
    expect(lines.count()).toBe(3);
    expect(lines.printed()).toBe(4);
    expect(lines.marks()).toHaveLength(3);
  });

  it('of two streams are two lines, in whatever order their pieces arrive', () => {
    const lines = countLines(held(linearPattern('^saved é\\d$')), () => 5);
    const [out, error] = [lines.stream(), lines.stream()];
    out.feed(bytes('sav'));
    error.feed(bytes('saved é'));
    out.feed(bytes('ed é1\n'));
    error.feed(bytes('2\n'));
    expect(lines.count()).toBe(2);
  });

  it('are the same wherever they are cut: within a character, or between the two ends of a line', () => {
    const texts = fc.array(fc.constantFrom('saved é', '日本', '😀', '\r\n', '\n', '\r', ' x', ''), { maxLength: 30 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 5 }), (parts, size) => {
        const all = bytes(parts.join(''));
        const counted = (step: number): readonly number[] => {
          const lines = countLines(held(linearPattern('é|日本|😀|^$')), () => 5);
          const { feed } = lines.stream();
          for (let i = 0; i < all.length; i += step) feed(all.subarray(i, i + step));
          lines.end();
          return [lines.count(), lines.printed()];
        };
        expect(counted(size)).toEqual(counted(all.length + 1));
      }),
    );
  });
});
