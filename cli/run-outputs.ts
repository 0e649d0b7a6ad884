import { text } from '../app/core/i18n.ts';
import type { LinearPattern } from '../app/core/linear-pattern.ts';
import { countFiles } from '../app/workload/adapters/files.node.ts';
import type { Glob } from '../app/workload/adapters/glob.ts';
import { countLines } from '../app/workload/adapters/lines.ts';
import { countMetered } from '../app/workload/adapters/metered.ts';
import { createPoller } from '../app/workload/adapters/poller.node.ts';
import type { SessionDetails } from '../app/workload/sessions/book.ts';
import type { CounterId, OutputUnit } from '../app/workload/adapters/ids.ts';
import type { MeterNote } from '../app/workload/meter/note.node.ts';
import type { WorkloadKind } from '../app/workload/programs/kinds.ts';
import type { ProgramRule } from '../app/workload/programs/schema.ts';
import type { Workload } from '../app/workload/sessions/schema.ts';
import { matchProcess, modelFromCommand } from '../app/workload/programs/match.ts';
import type { Marks } from '../app/workload/adapters/outputs.ts';
import { ollamaNames } from '../app/workload/programs/ollama-manifests.node.ts';
import { readFacts } from '../app/workload/programs/process-facts.node.ts';
import { serversOf } from '../app/workload/programs/servers.ts';

export type OutputOptions = {
  /** each new file that matches is one output */
  readonly outputs?: Glob;
  /** each printed line that matches is one output */
  readonly lines?: LinearPattern;
  readonly kind?: WorkloadKind;
  readonly model?: string;
  readonly capW?: number;
};

/** Why nothing was counted, and what was looked for. */
function nothingFound(
  { outputs, lines: pattern }: OutputOptions,
  files: ReturnType<typeof countFiles> | undefined,
  lines: ReturnType<typeof countLines> | undefined,
): string {
  if (!files || !outputs) return text('cli.run.noLine', { pattern: pattern!.pattern(), count: lines!.printed() });
  const { folder, exists } = files.top();
  return text(exists ? 'cli.run.noFile' : 'cli.run.noFolder', { glob: outputs.text, folder });
}

/**
 * Counts the outputs of a command: by files or lines if the options say so, else through the API of a known program,
 * else by what passes a meter.
 * @param meters what running meters have counted
 */
export function followOutputs(
  command: readonly string[],
  options: OutputOptions,
  rules: readonly ProgramRule[],
  meters: () => readonly MeterNote[] = () => [],
) {
  const files = options.outputs === undefined ? undefined : countFiles(options.outputs);
  const lines = options.lines && countLines(options.lines, Date.now);
  const poller = createPoller({ wallMs: Date.now, meters });
  const metered = countMetered(meters, Date.now);
  const startedMs = Date.now();
  const judged = new Set<number>();
  let match = matchProcess({ pid: 0, startedAt: '', command, ancestors: [] }, rules);
  let followed = false;

  return {
    lines,
    /** Looks for new files, and for a known program among new processes. */
    look(pids: Iterable<number>): void {
      files?.look();
      metered.look();
      for (const pid of pids) {
        if (followed || judged.has(pid)) continue;
        judged.add(pid);
        const facts = readFacts(pid, '');
        const found = facts && matchProcess(facts, rules);
        if (!facts || !found) continue;
        match = found;
        if (!found.adapter) continue;
        followed = true;
        const servers = serversOf(found, facts, [], ollamaNames);
        poller.follow([
          { key: 'run', match: found, name: found.name, pids: [pid], gpuUuids: [], loads: true, leader: pid, servers },
        ]);
        poller.begin('run', startedMs);
      }
    },
    finish(): SessionDetails {
      files?.look();
      lines?.end();
      metered.look();
      const account = poller.of('run');
      const polled = poller.end('run');
      poller.stop();
      const counted: readonly { id: CounterId; unit: OutputUnit; count: number; marks: Marks }[] = [
        ...(files ? [{ id: 'glob' as const, unit: 'file' as const, count: files.count(), marks: files.marks() }] : []),
        ...(lines ? [{ id: 'lines' as const, unit: 'line' as const, count: lines.count(), marks: lines.marks() }] : []),
      ];
      const [own] = counted;
      const passed = own || polled.outputs ? undefined : metered.result();
      const model = options.model ?? account?.model ?? passed?.model ?? modelFromCommand(command);
      const note = own
        ? own.count === 0 && nothingFound(options, files, lines)
        : passed
          ? text('cli.run.metered', { count: passed.requests })
          : account?.note;
      const workload: Workload = {
        kind: options.kind ?? match?.kind ?? 'other',
        found: 'by-hand',
        ...(match && { program: match.name, evidence: match.evidence }),
        ...(model && { model }),
        ...(options.capW !== undefined && { capW: options.capW }),
        ...(own
          ? { outputs: { unit: own.unit, count: own.count, countedBy: own.id }, adapter: own.id }
          : passed
            ? { outputs: passed.outputs, adapter: 'meter' }
            : {
                ...(polled.outputs && { outputs: polled.outputs }),
                ...(match?.adapter && { adapter: match.adapter }),
              }),
        ...(note && { note }),
      };
      const marks = own?.marks ?? polled.marks ?? passed?.marks;
      return { workload, ...(marks && { marks }) };
    },
  };
}
