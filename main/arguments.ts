import { parseArgs } from 'node:util';
import { dataFolder } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { stressTestWays, type StressTestWay } from '../app/load/messages.ts';
import { parseSourceSpec, type SourceSpec } from '../app/telemetry/sources.ts';

export type Arguments = {
  readonly source: SourceSpec;
  readonly speed: number;
  readonly dataFolder: string;
  /** the folder was named on the command line */
  readonly namesFolder: boolean;
  /** start in the tray */
  readonly hidden: boolean;
  /** this process runs the stress test alone, in this way */
  readonly stressTest?: StressTestWay;
};

const options = {
  source: { type: 'string', default: 'auto' },
  speed: { type: 'string', default: '1' },
  'data-dir': { type: 'string' },
  hidden: { type: 'boolean', default: false },
  burn: { type: 'string' },
} as const;

const OF_THE_TERMINAL: readonly string[] = ['for', 'interval', 'record'];

/** Edit distance of two words (Levenshtein): letters added, removed or exchanged. */
function distance(one: string, other: string): number {
  let row = [...other, ''].map((_, i) => i);
  [...one].forEach((letter, i) => {
    const next = [i + 1];
    [...other].forEach((with_, j) => {
      next.push(Math.min(row[j]! + (letter === with_ ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    });
    row = next;
  });
  return row.at(-1)!;
}

/** What is wrong with an option that is not the window's: misspelt, or one of the terminal. Undefined: it may be Chromium's. */
function strayOption(name: string): Result<never> | undefined {
  if (OF_THE_TERMINAL.includes(name))
    return err('invalid-argument', text('main.option.terminal', { name }), text('main.option.terminalNext', { name }));
  const meant = Object.keys(options).find((own) => distance(name, own) <= 2);
  if (meant === undefined) return undefined;
  return err('invalid-argument', text('main.option.unknown', { name }), text('main.option.unknownNext', { meant }));
}

/** The window's own options. Chromium's switches are in the same list and are ignored. */
export function parseArguments(argv: readonly string[]): Result<Arguments> {
  const { values, tokens } = parseArgs({ args: [...argv], strict: false, tokens: true, options });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const stray = strayOption(token.name);
    if (stray) return stray;
  }
  const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const source = parseSourceSpec(stringOf(values.source) ?? '');
  if (!source.ok) return source;
  const speed = Number(stringOf(values.speed));
  if (!(speed > 0 && speed <= 1000)) {
    return err('invalid-argument', text('main.option.speed', { given: String(values.speed) }));
  }
  const stressTest = stressTestWays.find((way) => way === values.burn);
  if (values.burn !== undefined && !stressTest) {
    return err(
      'invalid-argument',
      text('main.option.stressTest', { given: String(values.burn), ways: stressTestWays.join(', ') }),
    );
  }
  return ok({
    source: source.value,
    speed,
    dataFolder: dataFolder(stringOf(values['data-dir'])),
    namesFolder: values['data-dir'] !== undefined,
    hidden: values.hidden === true,
    ...(stressTest && { stressTest }),
  });
}
