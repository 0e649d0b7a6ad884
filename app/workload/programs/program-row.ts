import type { AdapterId } from '../adapters/ids.ts';
import { plainName, type Invocation } from './invocation.ts';
import type { WorkloadKind } from './kinds.ts';

/** How one program is recognised. Sources: each project's own start instructions, which its tests name. */
export type ProgramRow = {
  readonly id: string;
  readonly name: string;
  readonly kind: WorkloadKind;
  /**
   * what is run: `FILE`, `FOLDER/FILE` for a common name, or either with a first argument behind it. Whole names; a version
   * and a build behind them do not count (`plainName`).
   */
  readonly runs?: readonly string[];
  /** modules that `python -m` runs, or those below them */
  readonly modules?: readonly string[];
  /** how else an invocation tells it */
  readonly also?: (invocation: Invocation) => boolean;
  /** names of its service, or of a container with it; by default its id */
  readonly places?: readonly string[];
  /** the default port of its server, where the adapter looks first. It identifies nothing. */
  readonly port?: number;
  /** the server that can be asked for its outputs */
  readonly adapter?: AdapterId;
  /** it starts servers of other programs as its own: what they produce is its output */
  readonly starts?: true;
};

type Run = { readonly folder?: string; readonly file: string; readonly argument?: string };

function runOf(text: string): Run {
  const [path = '', argument] = text.split(' ');
  const [file = '', folder] = path.split('/').toReversed();
  return {
    file: plainName(file),
    ...(folder !== undefined && { folder: plainName(folder) }),
    ...(argument !== undefined && { argument }),
  };
}

/** A row with a test of an invocation. */
export type KnownProgram = ProgramRow & {
  readonly fits: (invocation: Invocation) => boolean;
  /** whether one of these names of units and containers is the program's */
  readonly isIn: (places: readonly string[]) => boolean;
};

export function knownProgram(row: ProgramRow): KnownProgram {
  const runs = (row.runs ?? []).map(runOf);
  const modules = row.modules ?? [];
  const names = (row.places ?? [row.id]).map(plainName);
  return {
    ...row,
    fits: (invocation) =>
      runs.some(
        ({ file, folder, argument }) =>
          invocation.file === file &&
          (folder === undefined || invocation.folder === folder) &&
          (argument === undefined || invocation.options[0] === argument),
      ) ||
      modules.some((name) => invocation.module === name || invocation.module?.startsWith(`${name}.`) === true) ||
      row.also?.(invocation) === true,
    isIn: (places) => places.some((place) => names.some((name) => place === name || place.endsWith(`-${name}`))),
  };
}
