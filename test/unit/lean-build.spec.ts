import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inAscii } from '../../scripts/build/lean.mjs';

describe('the text of built code', () => {
  const evaluated = (code: string): unknown => vm.runInThisContext(`(${code})`);

  it('means the same in ASCII, in strings, templates and patterns', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const string = inAscii(JSON.stringify(text));
        expect(string).toMatch(/^[\0-\x7e]*$/);
        expect(evaluated(string)).toBe(text);
        const inside = text.replaceAll(/[\\`$\r]/g, '');
        expect(evaluated(inAscii(`\`${inside}\``))).toBe(inside);
      }),
    );
    expect((evaluated(inAscii('/^[–—’]+$/')) as RegExp).test('—’')).toBe(true);
    expect((evaluated(inAscii('/^😀{2}$/u')) as RegExp).test('😀😀')).toBe(true);
  });

  it('has one byte per character in every program and thread of the recorder', () => {
    const wide = fs
      .readdirSync('out/node')
      .filter(
        (name) => name.endsWith('.js') && /[^\0-\x7e]/.test(fs.readFileSync(path.join('out/node', name), 'utf8')),
      );
    expect(wide).toEqual([]);
  });
});
