import { RegExpParser, type AST } from '@eslint-community/regexpp';

/**
 * A backtracking matcher that counts its steps. It tries the same alternatives in the same order as the engines of
 * JavaScript do, so its count bounds their work up to a constant, without a clock.
 */
type Op =
  | { readonly kind: 'char'; readonly fits: (char: string) => boolean }
  | { readonly kind: 'split'; first: number; second: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'assert'; readonly holds: (text: string, at: number, count: () => void) => boolean }
  | { readonly kind: 'match' };

export type Counted = {
  /** Steps to find all matches in a text, and whether there is one. */
  readonly run: (text: string, most?: number) => { readonly steps: number; readonly found: boolean };
  /** A text that fits a part of the pattern, chosen by random numbers from 0 to 1. */
  readonly sample: (random: () => number) => string;
  readonly unbounded: boolean;
};

const ALPHABET = [
  ...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)),
  '\t',
  '\n',
  '\r',
  '\0',
  'µ',
  'é',
];
const COPIES = 2;

export function countedRegex(source: string, flags: string): Counted {
  const ast = new RegExpParser({ ecmaVersion: 2024 }).parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  });
  const single = flags.replaceAll(/[gym]/g, '');
  const fitting = (raw: string): ((char: string) => boolean) => {
    const one = new RegExp(`^(?:${raw})$`, single);
    const known = new Map<string, boolean>();
    return (char) => {
      let fits = known.get(char);
      if (fits === undefined) known.set(char, (fits = one.test(char)));
      return fits;
    };
  };
  const isWord = (char: string | undefined): boolean => char !== undefined && /\w/.test(char);
  const isEnd = (char: string | undefined): boolean =>
    char === undefined || (flags.includes('m') && /[\n\r\u2028\u2029]/.test(char));
  let unbounded = false;

  function compile(alternatives: readonly AST.Alternative[]): Op[] {
    const ops: Op[] = [];
    const emitAll = (choices: readonly AST.Alternative[]): void => {
      const ends: { kind: 'jump'; to: number }[] = [];
      choices.forEach(({ elements }, i) => {
        const last = i === choices.length - 1;
        const split = { kind: 'split' as const, first: 0, second: 0 };
        if (!last) ops.push(split);
        split.first = ops.length;
        elements.forEach(emit);
        if (last) return;
        const end = { kind: 'jump' as const, to: 0 };
        ops.push(end);
        ends.push(end);
        split.second = ops.length;
      });
      for (const end of ends) end.to = ops.length;
    };
    const optional = (greedy: boolean, body: () => void, loop: boolean): void => {
      const split = { kind: 'split' as const, first: 0, second: 0 };
      const at = ops.push(split) - 1;
      body();
      if (loop) ops.push({ kind: 'jump', to: at });
      [split.first, split.second] = greedy ? [at + 1, ops.length] : [ops.length, at + 1];
    };
    function emit(node: AST.Element): void {
      switch (node.type) {
        case 'Character':
        case 'CharacterSet':
        case 'CharacterClass':
          return void ops.push({ kind: 'char', fits: fitting(node.raw) });
        case 'Group':
        case 'CapturingGroup':
          return emitAll(node.alternatives);
        case 'Quantifier': {
          for (let i = 0; i < node.min; i++) emit(node.element);
          if (node.max === Infinity) {
            unbounded = true;
            return optional(node.greedy, () => emit(node.element), true);
          }
          // nested, so that there is one way to match each number of times: (a(a(a)?)?)?
          const upTo = (times: number): void => {
            if (times === 0) return;
            const body = (): void => {
              emit(node.element);
              upTo(times - 1);
            };
            optional(node.greedy, body, false);
          };
          return upTo(node.max - node.min);
        }
        case 'Assertion': {
          if (node.kind === 'start')
            return void ops.push({
              kind: 'assert',
              holds: (text, at) => at === 0 || (flags.includes('m') && isEnd(text[at - 1])),
            });
          if (node.kind === 'end') return void ops.push({ kind: 'assert', holds: (text, at) => isEnd(text[at]) });
          if (node.kind === 'word')
            return void ops.push({
              kind: 'assert',
              holds: (text, at) => (isWord(text[at - 1]) !== isWord(text[at])) !== node.negate,
            });
          if (node.kind === 'lookahead') {
            const inner = compile(node.alternatives);
            return void ops.push({
              kind: 'assert',
              holds: (text, at, count) => (matchAt(inner, text, at, count) !== undefined) !== node.negate,
            });
          }
          if (node.kind !== 'lookbehind') throw new Error(`The counter does not know ${node.raw}.`);
          const inner = compile(node.alternatives);
          // one character back is all that the product looks
          return void ops.push({
            kind: 'assert',
            holds: (text, at, count) => (at > 0 && matchAt(inner, text, at - 1, count) === at) !== node.negate,
          });
        }
        default:
          throw new Error(`The counter does not know ${node.type} (${node.raw}).`);
      }
    }
    emitAll(alternatives);
    ops.push({ kind: 'match' });
    return ops;
  }

  /** Where the match that begins here ends. */
  function matchAt(ops: readonly Op[], text: string, from: number, count: () => void): number | undefined {
    const open: number[] = [0, from];
    while (open.length > 0) {
      let at = open.pop()!;
      let pc = open.pop()!;
      for (;;) {
        count();
        const op = ops[pc]!;
        if (op.kind === 'match') return at;
        if (op.kind === 'split') {
          open.push(op.second, at);
          pc = op.first;
        } else if (op.kind === 'jump') pc = op.to;
        else if (op.kind === 'assert') {
          if (!op.holds(text, at, count)) break;
          pc++;
        } else {
          if (at >= text.length || !op.fits(text[at]!)) break;
          at++;
          pc++;
        }
      }
    }
    return undefined;
  }

  function sampleOf(alternatives: readonly AST.Alternative[], random: () => number): string {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const one = (node: AST.Element): string => {
      if (node.type === 'Quantifier') {
        const most = Math.min(node.max, node.min + COPIES);
        const times = node.min + Math.floor(random() * (most - node.min + 1));
        return Array.from({ length: times }, () => one(node.element)).join('');
      }
      if (node.type === 'Group' || node.type === 'CapturingGroup') return sampleOf(node.alternatives, random);
      if (node.type === 'Character' || node.type === 'CharacterSet' || node.type === 'CharacterClass') {
        const fits = fitting(node.raw);
        return pick(ALPHABET.filter(fits)) ?? '';
      }
      return '';
    };
    return pick(alternatives).elements.map(one).join('');
  }

  const program = compile(ast.alternatives);
  const anchored =
    !flags.includes('m') &&
    ast.alternatives.every(({ elements: [first] }) => first?.type === 'Assertion' && first.kind === 'start');
  return {
    unbounded,
    sample: (random) => sampleOf(ast.alternatives, random),
    run(text, most = Infinity) {
      let steps = 0;
      let found = false;
      const tooMany = new Error('too many steps');
      const count = (): void => {
        if (++steps > most) throw tooMany;
      };
      try {
        for (let from = 0; from <= text.length && !(anchored && from > 0);) {
          const end = matchAt(program, text, from, count);
          found ||= end !== undefined;
          if (end !== undefined && !flags.includes('g')) break;
          from = end !== undefined && end > from ? end : from + 1;
        }
      } catch (thrown) {
        if (thrown !== tooMany) throw thrown;
      }
      return { steps, found };
    },
  };
}
