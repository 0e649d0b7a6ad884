import type { Command } from './command.ts';
import type { Registry } from './program.ts';

/**
 * Commands that run for months. Each is loaded without the others, whose code would stay in memory all that time, and which
 * would take time at each start.
 */
const load: Readonly<Record<string, () => Promise<Command>>> = {
  record: async () => (await import('./commands/record.ts')).record,
  monitor: async () => (await import('./commands/monitor.ts')).monitor,
};

/** The registry with the one command that was called; undefined if it is none of these. */
export async function alwaysOn(name: string | undefined): Promise<Registry | undefined> {
  if (name === undefined || !Object.hasOwn(load, name)) return undefined;
  return { commands: { [name]: await load[name]!() } };
}
