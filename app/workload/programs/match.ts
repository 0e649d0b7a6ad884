import type { CounterId } from '../adapters/ids.ts';
import { shortModel } from './model-name.ts';
import type { Evidence, WorkloadKind } from './kinds.ts';
import type { ProgramRule } from './schema.ts';
import { programTable, type ProgramRow } from './program-table.ts';

/** What the system reports about a process. A value is absent if the process belongs to another user or has ended. */
export type ProcessFacts = {
  readonly pid: number;
  /** start time in the system's own unit. Together with the PID it identifies a process uniquely. */
  readonly startedAt: string;
  readonly command: readonly string[];
  readonly folder?: string;
  /** control group, service unit, container monitor */
  readonly place?: string;
  /** nearest first */
  readonly ancestors: readonly { readonly pid: number; readonly command: readonly string[] }[];
  /** loopback ports on which it, or an ancestor of the same program, listens; undefined: unknown */
  readonly ports?: readonly number[];
};

/** What a process was recognised as, and from which evidence. */
export type Match = {
  readonly id: string;
  readonly name: string;
  readonly kind: WorkloadKind;
  readonly adapter?: CounterId;
  readonly evidence: Evidence;
  /** default port of the program */
  readonly port?: number;
};

const rows: readonly ProgramRow[] = programTable;

const matchOf = ({ id, name, kind, adapter, port }: ProgramRow, evidence: Evidence): Match => ({
  id,
  name,
  kind,
  evidence,
  ...(adapter && { adapter }),
  ...(port && { port }),
});

/** Of a text that another program chose, only this many characters are read. Program, script and model come first. */
export const MATCHED = 4096;

const beginning = (text: string): string => text.slice(0, MATCHED);

/** The beginning of a command line, without joining all of a long one. */
function lineOf(command: readonly string[]): string {
  let line = '';
  for (const part of command) {
    if (line.length >= MATCHED) break;
    line += `${line === '' ? '' : ' '}${part.slice(0, MATCHED)}`;
  }
  return beginning(line);
}

/** Only script interpreters are identified by a port: any other program has its own name. */
const INTERPRETER = /(^|[/\\])(python[\d.]*|pythonw|node|ruby|java)(\.exe)?$/i;

/**
 * Recognises the program that a process belongs to. In order: the user's own rules, the command line and folder of the
 * process, its service or container, its nearest recognised ancestor, and for script interpreters the port.
 */
export function matchProcess(facts: ProcessFacts, rules: readonly ProgramRule[] = []): Match | undefined {
  const line = lineOf(facts.command);
  const own = facts.folder === undefined ? line : `${line}\n${beginning(facts.folder)}`;
  const searched = own.toLowerCase();
  const rule = rules.find(({ contains }) => contains !== '' && searched.includes(contains.toLowerCase()));
  if (rule) {
    const { name, kind, adapter } = rule;
    return { id: `rule:${name}`, name, kind, evidence: 'rule', ...(adapter && { adapter }) };
  }
  const byLine = rows.find((row) => row.line.test(own));
  if (byLine) return matchOf(byLine, 'command');
  const place = facts.place === undefined ? undefined : beginning(facts.place);
  const byPlace = place === undefined ? undefined : rows.find((row) => row.place?.test(place));
  if (byPlace) return matchOf(byPlace, 'place');
  for (const { command } of facts.ancestors) {
    const parent = lineOf(command);
    const byParent = rows.find((row) => row.line.test(parent));
    if (byParent) return matchOf(byParent, 'parent');
  }
  if (!INTERPRETER.test(beginning(facts.command[0] ?? ''))) return undefined;
  const byPort = rows.find(({ port }) => port !== undefined && facts.ports?.includes(port));
  return byPort && matchOf(byPort, 'port');
}

const MODEL_OPTIONS = new Set([
  '--model',
  '-m',
  '--model-path',
  '--model-id',
  '--model_id',
  '--ckpt',
  '--pretrained_model_name_or_path',
  '--model_name_or_path',
  '--served-model-name',
]);

/** The model named on a command line: the value of a model option, or the argument of `vllm serve`. */
export function modelFromCommand(command: readonly string[]): string | undefined {
  for (let i = 0; i < command.length; i++) {
    const part = command[i]!;
    const equals = part.indexOf('=');
    const option = equals < 0 ? part : part.slice(0, equals);
    const inline = equals < 0 ? undefined : part.slice(equals + 1);
    const value = MODEL_OPTIONS.has(option)
      ? (inline ?? command[i + 1])
      : option === 'serve' && command[i - 1]?.endsWith('vllm')
        ? command[i + 1]
        : undefined;
    // `python -m module` names a module, not a model
    if (!value || value.startsWith('-') || (option === '-m' && INTERPRETER.test(command[i - 1] ?? ''))) continue;
    return shortModel(value);
  }
  return undefined;
}
