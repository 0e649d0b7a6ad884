import fs from 'node:fs';
import path from 'node:path';
import { analyse } from 'scslre';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { countedRegex } from '../support/regex-steps.ts';

// Names, command lines, logs and answers of programs come from outside. No pattern may make their reader stall.

type Literal = { readonly where: string; readonly source: string; readonly flags: string };

function literalsIn(file: string): Literal[] {
  const found: Literal[] = [];
  const text = ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const line = text.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({ where: `${file}:${line}`, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    ts.forEachChild(node, visit);
  };
  visit(text);
  return found;
}

const files = ['app', 'main'].flatMap((room) =>
  fs
    .readdirSync(room, { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(room, name.split(path.sep).join('/')))
    .filter((name) => name.endsWith('.ts')),
);
const literals = files.flatMap(literalsIn);
const unbounded = literals.filter(
  ({ source, flags }) => /[*+]|\{\d+,\}/.test(source) && countedRegex(source, flags).unbounded,
);

/** The same numbers at every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const filled = (prefix: string, pump: string, suffix: string, length: number): string =>
  prefix + pump.repeat(Math.ceil(length / pump.length)) + suffix;

const KIB = 1024;
const SHORT = 256;
/** A text as short as that costs less, unless the cost doubles with each character. */
const MOST_STEPS = 50_000;
/** How much more a text of four times the length may cost: 4, and room for what does not grow. */
const MOST_GROWTH = 5;

/** The worst text found: parts of what fits the pattern, repeated, with an end that fits and ends that do not. */
function worstOf({ source, flags }: Literal) {
  const { run, sample } = countedRegex(source, flags);
  const random = seeded(7);
  let worst = { growth: 0, of: (length: number) => 'a'.repeat(length), shown: 'a' };
  const samples = Array.from({ length: 16 }, () => sample(random)).filter((text) => text !== '');
  for (const text of samples) {
    if (worst.growth > MOST_GROWTH) break;
    for (let tries = 0; tries < 8; tries++) {
      const from = tries === 0 ? 0 : Math.floor(random() * text.length);
      const to = tries === 0 ? text.length : from + 1 + Math.floor(random() * Math.min(6, text.length - from));
      const pump = text.slice(from, to) + (tries % 2 === 0 ? '' : ' ');
      for (const suffix of ['', '!\n', `\n${text.slice(to)}`]) {
        const of = (length: number): string => filled(text.slice(0, from), pump, suffix, length);
        const short = run(of(SHORT), MOST_STEPS).steps;
        const growth = short > MOST_STEPS ? Infinity : run(of(4 * SHORT), short * 20).steps / short;
        if (growth > worst.growth) worst = { growth, of, shown: JSON.stringify([text.slice(0, from), pump, suffix]) };
      }
    }
  }
  return worst;
}

describe('patterns that read text from outside', () => {
  it('were found', () => {
    expect(literals.length).toBeGreaterThan(150);
    expect(unbounded.length).toBeGreaterThan(50);
  });

  it('are written out: only what a person types is compiled, and that by a linear engine', () => {
    const compiling = files.filter((file) => /\bRegExp\(/.test(fs.readFileSync(file, 'utf8')));
    expect(compiling).toEqual([]);
  });

  it('let no two repetitions share the same characters', () => {
    const shared = unbounded.flatMap(({ where, source, flags }) =>
      analyse({ source, flags }).reports.map(({ type }) => `${where} /${source}/${flags} (${type})`),
    );
    expect(shared).toEqual([]);
  });

  it('cost sixteen times as much for 64 kB as for 4 kB, not more, on the worst text found', () => {
    const offending = unbounded.flatMap((literal) => {
      const { growth, of, shown } = worstOf(literal);
      const { run } = countedRegex(literal.source, literal.flags);
      const small = run(of(4 * KIB), 1000 * MOST_STEPS).steps;
      const large = run(of(64 * KIB), small * 40).steps;
      const told = `${literal.where} /${literal.source}/ on ${shown}: ${small} steps, then ${large}`;
      return growth > MOST_GROWTH || large > small * 17 ? [told] : [];
    });
    expect(offending).toEqual([]);
  });

  it.each([
    [/^\s*(.*?)\s*(?:[[(]([^\])]*)[\])])?\s*$/],
    [/(^|[/\\\s])\S*(diffus|flux)\w*\.py\b/i],
    [/\b(llamagen|emu3)[\w-]*\b.*\.py\b/i],
    [/[/\\]+$/],
    [/^(.*?)\s*\[([^\]]*)\]$/],
    [/^(\S+)\s+(.*)$/],
    [/(a+)+b/],
  ])('differ from %s, which costs more than that', ({ source, flags }) => {
    expect(worstOf({ where: '', source, flags }).growth).toBeGreaterThan(MOST_GROWTH);
  });

  it.each([
    [/\bvllm(\.entrypoints|::|\s+serve\b|\s+bench\b)|[/\\]vllm\s/i],
    [/^[-+]?\d+(?:[.,]\d+)?$/],
    [/(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g],
    [/^(?=.*\.py\b).*\bjanus/im],
    [/\{([^{}]*)\}/g],
  ])('%s is judged alike by the counter and by JavaScript', (pattern) => {
    const { run, sample } = countedRegex(pattern.source, pattern.flags);
    const random = seeded(11);
    for (let i = 0; i < 300; i++) {
      const text = ['', '\n', ' ']
        .map((between) => between + sample(random))
        .join('')
        .slice(Math.floor(random() * 4));
      expect([text, run(text).found]).toEqual([text, text.search(pattern) >= 0]);
    }
  });
});
