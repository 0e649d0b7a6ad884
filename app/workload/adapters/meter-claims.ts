import type { MeterNote } from '../meter/note.node.ts';

/** What is known about the ports of a program. */
export type ProgramPorts = {
  readonly key: string;
  readonly loads: boolean;
  /** its own */
  readonly exact: ReadonlySet<number>;
  /** its own among others: those of its user, or of its container, which may be published under another number */
  readonly possible: ReadonlySet<number>;
};

/** A meter in front of a program, and how it was found. */
export type MeterClaim = { readonly note: MeterNote; readonly by: 'port' | 'load' };

/**
 * Which meter is in front of which program: by the port behind it; else, for a program whose ports cannot be told, the only
 * meter that is in use while that is the only such program that loads a card. It stays so until a port says otherwise.
 * @param before claims by load of the last call: PID of the meter by key of the program
 */
export function claimMeters(
  programs: readonly ProgramPorts[],
  notes: readonly MeterNote[],
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, MeterClaim> {
  const claims = new Map<string, MeterClaim>();
  const free = new Set(notes);
  function claim(key: string, note: MeterNote | undefined, by: MeterClaim['by']): void {
    if (!note || claims.has(key) || !free.delete(note)) return;
    claims.set(key, { note, by });
  }
  for (const { key, exact } of programs) {
    claim(
      key,
      notes.find(({ upstreamPort }) => upstreamPort !== null && exact.has(upstreamPort)),
      'port',
    );
  }
  for (const note of [...free]) {
    const { upstreamPort } = note;
    const fitting = programs.filter(({ possible }) => upstreamPort !== null && possible.has(upstreamPort));
    if (fitting.length === 1) claim(fitting[0]!.key, note, 'port');
  }
  const unknown = programs.filter(({ key, exact }) => !claims.has(key) && exact.size === 0);
  for (const { key } of unknown)
    claim(
      key,
      [...free].find(({ pid }) => pid === before.get(key)),
      'load',
    );
  const loading = unknown.filter(({ key, loads }) => loads && !claims.has(key));
  const busy = [...free].filter(({ running }) => running > 0);
  if (loading.length === 1 && busy.length === 1) claim(loading[0]!.key, busy[0], 'load');
  return claims;
}
