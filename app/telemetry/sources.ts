import { text } from '../core/i18n.ts';
import type { en } from '../core/locales/en.ts';
import { err, ok, type Result } from '../core/result.ts';

/** A source as `--source` names it, parsed. How each kind is opened: open-source.node.ts. */
export type SourceSpec =
  | { readonly kind: 'auto' }
  | { readonly kind: 'nvml'; readonly library?: string }
  | { readonly kind: 'nvidia-smi'; readonly program?: string }
  | { readonly kind: 'replay'; readonly file: string }
  | { readonly kind: 'simulator'; readonly count: number };

type SourceRow = {
  /** as it is typed */
  readonly form: string;
  /** the text that says in the help what it reads */
  readonly label: `telemetry.source.label.${keyof (typeof en)['telemetry']['source']['label']}`;
  /** @param argument what follows the colon; undefined without a colon. @returns the spec, or why there is none */
  readonly parse: (argument: string | undefined) => SourceSpec | { readonly why: string };
};

export const MAX_SIMULATED = 64;

const recording =
  (kind: string): SourceRow['parse'] =>
  (file) =>
    file === undefined ? { why: text('telemetry.source.needsFile', { kind }) } : { kind: 'replay', file };

/** One row per word that `--source` takes. Help, errors and parsing are derived from it. */
export const sources = {
  auto: {
    form: 'auto',
    label: 'telemetry.source.label.auto',
    parse: (argument) =>
      argument === undefined ? { kind: 'auto' } : { why: text('telemetry.source.takesNothing', { kind: 'auto' }) },
  },
  nvml: {
    form: 'nvml[:LIBRARY]',
    label: 'telemetry.source.label.nvml',
    parse: (library) => ({ kind: 'nvml', ...(library !== undefined && { library }) }),
  },
  'nvidia-smi': {
    form: 'nvidia-smi[:PROGRAM]',
    label: 'telemetry.source.label.smi',
    parse: (program) => ({ kind: 'nvidia-smi', ...(program !== undefined && { program }) }),
  },
  // a document that nvidia-smi -q -x printed earlier is a recording of one moment
  'nvidia-smi-xml': {
    form: 'nvidia-smi-xml:FILE',
    label: 'telemetry.source.label.smiXml',
    parse: recording('nvidia-smi-xml'),
  },
  replay: { form: 'replay:FILE', label: 'telemetry.source.label.replay', parse: recording('replay') },
  simulator: {
    form: 'simulator[:N]',
    label: 'telemetry.source.label.simulator',
    parse(argument = '1') {
      const count = Number(argument);
      return Number.isInteger(count) && count >= 1 && count <= MAX_SIMULATED
        ? { kind: 'simulator', count }
        : { why: text('telemetry.source.simulatedCount', { most: MAX_SIMULATED }) };
    },
  },
} satisfies Record<SourceSpec['kind'] | 'nvidia-smi-xml', SourceRow>;

/** "auto, nvml[:LIBRARY], …, simulator[:N]" */
export const sourceForms: string = Object.values(sources)
  .map(({ form }) => form)
  .join(', ');

/** What `--source` takes, for the help: each form and what it reads. */
export const sourceHelp = (): string =>
  Object.values(sources)
    .map(({ form, label }) => `${form} (${text(label)})`)
    .join(', ');

/** Parses the value of `--source`. */
export function parseSourceSpec(given: string): Result<SourceSpec> {
  const colon = given.indexOf(':');
  const word = colon < 0 ? given : given.slice(0, colon);
  const argument = colon < 0 ? undefined : given.slice(colon + 1);
  const refuse = (why: string) =>
    err(
      'invalid-argument',
      text('telemetry.source.refused', { given, why }),
      text('telemetry.source.forms', { forms: sourceForms }),
    );
  if (argument === '') return refuse(text('telemetry.source.nothingAfterColon'));
  if (!Object.hasOwn(sources, word)) return refuse(text('telemetry.source.unknown'));
  const parsed = sources[word as keyof typeof sources].parse(argument);
  return 'why' in parsed ? refuse(parsed.why) : ok(parsed);
}
