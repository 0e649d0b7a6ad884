import { err, ok, type Result } from '../core/result.ts';

/** `--source auto | nvml[:LIBRARY] | nvidia-smi[:PROGRAM] | nvidia-smi-xml:FILE | replay:FILE | simulator[:N]` */
export type SourceSpec =
  | { readonly kind: 'auto' }
  | { readonly kind: 'nvml'; readonly library?: string }
  | { readonly kind: 'nvidia-smi'; readonly program?: string }
  | { readonly kind: 'replay'; readonly file: string }
  | { readonly kind: 'simulator'; readonly count: number };

export const MAX_SIMULATED = 64;

export function parseSourceSpec(text: string): Result<SourceSpec> {
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? undefined : text.slice(colon + 1);
  const bad = (why: string) =>
    err(
      'invalid-argument',
      `--source ${text}: ${why}`,
      'Use auto, nvml, nvidia-smi, nvidia-smi-xml:FILE, replay:FILE or simulator[:N].',
    );
  if (rest === '') return bad(`something must follow the colon.`);
  switch (kind) {
    case 'auto':
      return rest === undefined ? ok({ kind }) : bad('auto takes nothing after it.');
    case 'nvml':
      return ok(rest === undefined ? { kind } : { kind, library: rest });
    case 'nvidia-smi':
      return ok(rest === undefined ? { kind } : { kind, program: rest });
    case 'nvidia-smi-xml': // a document that nvidia-smi -q -x printed earlier is a recording of one moment
    case 'replay':
      return rest === undefined ? bad(`name the file, as ${kind}:FILE.`) : ok({ kind: 'replay', file: rest });
    case 'simulator': {
      const count = rest === undefined ? 1 : Number(rest);
      if (Number.isInteger(count) && count >= 1 && count <= MAX_SIMULATED) return ok({ kind, count });
      return bad(`the number of simulated GPUs must be from 1 to ${MAX_SIMULATED}.`);
    }
    default:
      return bad('there is no such source.');
  }
}
