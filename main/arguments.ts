import { parseArgs } from 'node:util';
import { dataFolder } from '../app/settings/folders.node.ts';
import { err, ok, type Result } from '../app/result.ts';
import { parseSourceSpec, type SourceSpec } from '../app/telemetry/source-spec.ts';

export type Arguments = {
  readonly source: SourceSpec;
  readonly speed: number;
  readonly dataFolder: string;
  /** start in the tray */
  readonly hidden: boolean;
  /** this process runs the reference load, and nothing else; `software`: on the processor */
  readonly burn?: 'card' | 'software';
};

/** The window's own options. Chromium's switches stand in the same list and are passed over. */
export function parseArguments(argv: readonly string[]): Result<Arguments> {
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    options: {
      source: { type: 'string', default: 'auto' },
      speed: { type: 'string', default: '1' },
      'data-dir': { type: 'string' },
      hidden: { type: 'boolean', default: false },
      burn: { type: 'boolean', default: false },
      'burn-software': { type: 'boolean', default: false },
    },
  });
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const source = parseSourceSpec(text(values.source) ?? '');
  if (!source.ok) return source;
  const speed = Number(text(values.speed));
  if (!(speed > 0 && speed <= 1000)) {
    return err('invalid-argument', `--speed ${String(values.speed)}: the speed must be above 0 and at most 1000.`);
  }
  return ok({
    source: source.value,
    speed,
    dataFolder: dataFolder(text(values['data-dir'])),
    hidden: values.hidden === true,
    ...(values.burn === true && { burn: values['burn-software'] === true ? ('software' as const) : ('card' as const) }),
  });
}
