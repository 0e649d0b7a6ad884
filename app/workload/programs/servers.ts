import type { CounterId } from '../adapters/ids.ts';
import { portFromCommand } from './invocation.ts';
import { modelFromCommand, spokenBy, type Match } from './match.ts';

/** A process of a program that may be a separate server. */
export type ServerProcess = {
  readonly pid: number;
  /** how it is asked; undefined: it cannot be */
  readonly adapter?: CounterId;
  /** the port that its command line names */
  readonly named?: number;
  /** the default port of the program */
  readonly usual?: number;
  /** the model that its command line names, for display */
  readonly model?: string;
  /** its names, where the command line names a file of weights; several may share them */
  readonly models: readonly string[];
};

type Started = { readonly pid: number; readonly command: readonly string[]; readonly folder?: string };

/**
 * The servers of a program: the process that leads it, and those that it started and that speak otherwise. Workers of one
 * server speak as their leader does, and are not asked.
 * @param modelsOf names of the weights on a command line
 */
export function serversOf(
  match: Match | undefined,
  leader: Started,
  others: readonly Started[],
  modelsOf: (command: readonly string[]) => readonly string[],
): readonly ServerProcess[] {
  const server = ({ pid, command }: Started, adapter: CounterId | undefined, usual?: number): ServerProcess => {
    const named = portFromCommand(command);
    const model = modelFromCommand(command);
    return {
      pid,
      models: modelsOf(command),
      ...(model && { model }),
      ...(adapter && { adapter }),
      ...(named !== undefined && { named }),
      ...(usual !== undefined && { usual }),
    };
  };
  const started = others.flatMap((other) => {
    const adapter = spokenBy(other.command, other.folder);
    return other.pid === leader.pid || adapter === undefined || adapter === match?.adapter
      ? []
      : [server(other, adapter)];
  });
  return [server(leader, match?.adapter, match?.port), ...started];
}
