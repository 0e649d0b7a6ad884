import { generators, type AdapterId, type Generator, type WorkloadKind } from './generators.ts';
import type { UserRule } from '../settings.ts';

export type { UserRule } from '../settings.ts';

/** What the system tells about a process. Undefined where it does not tell: another user's process, or gone. */
export type ProcessFacts = {
  readonly pid: number;
  /** when it was started, in the system's own unit: with the pid it names a process for ever */
  readonly startedAt: string;
  readonly command: readonly string[];
  readonly folder?: string;
  /** control group, service unit, container monitor */
  readonly place?: string;
  /** nearest first */
  readonly ancestors: readonly { readonly pid: number; readonly command: readonly string[] }[];
  /** ports that it or an ancestor of the same program listens on, on loopback; undefined: not told */
  readonly ports?: readonly number[];
};

export const evidences = ['rule', 'command', 'place', 'parent', 'port'] as const;
export type Evidence = (typeof evidences)[number];

/** What a process was recognised as, and by what: a wrong guess can be seen for what it is. */
export type Match = {
  readonly id: string;
  readonly name: string;
  readonly kind: WorkloadKind;
  readonly adapter?: AdapterId;
  readonly evidence: Evidence;
  /** usual port of the program */
  readonly port?: number;
};

const matchOf = ({ id, name, kind, adapter, port }: Generator, evidence: Evidence): Match => ({
  id,
  name,
  kind,
  evidence,
  ...(adapter && { adapter }),
  ...(port && { port }),
});

/** How much of a text that another program chose is looked at: program, script and model come first. */
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

/** Shells, launchers and desktops name what they start in their own command line; only programs that stay count. */
const INTERPRETER = /(^|[/\\])(python[\d.]*|pythonw|node|ruby|java)(\.exe)?$/i;

/**
 * Recognises the program behind a process: a person's rule first, then its own command line and folder, then what
 * surrounds it, then the nearest ancestor that is recognised, then, for a script interpreter alone, the port.
 */
export function matchProcess(facts: ProcessFacts, rules: readonly UserRule[] = []): Match | undefined {
  const line = lineOf(facts.command);
  const own = facts.folder === undefined ? line : `${line}\n${beginning(facts.folder)}`;
  const wanted = own.toLowerCase();
  const rule = rules.find(({ contains }) => contains !== '' && wanted.includes(contains.toLowerCase()));
  if (rule) {
    const { name, kind, adapter } = rule;
    return { id: `rule:${name}`, name, kind, evidence: 'rule', ...(adapter && { adapter }) };
  }
  const byLine = generators.find((row) => row.line.test(own));
  if (byLine) return matchOf(byLine, 'command');
  const place = facts.place === undefined ? undefined : beginning(facts.place);
  const byPlace = place === undefined ? undefined : generators.find((row) => row.place?.test(place));
  if (byPlace) return matchOf(byPlace, 'place');
  for (const { command } of facts.ancestors) {
    const parent = lineOf(command);
    const byParent = generators.find((row) => row.line.test(parent));
    if (byParent) return matchOf(byParent, 'parent');
  }
  if (!INTERPRETER.test(beginning(facts.command[0] ?? ''))) return undefined;
  const byPort = generators.find(({ port }) => port !== undefined && facts.ports?.includes(port));
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

/** Model named on a command line: the option's value without folders, or what follows `vllm serve`. */
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

/** A model's name for people: a path loses its folders, `owner/name` stays whole, a content hash is cut. */
export function shortModel(name: string): string {
  const isPath = /^[/\\.~]|^[A-Za-z]:[\\/]|\.(gguf|safetensors|ckpt|bin|pt)$/i.test(name);
  const text = isPath ? (name.split(/[/\\]/).findLast((part) => part !== '') ?? '') : name;
  return text.replace(/^sha256[-:]([0-9a-f]{12})[0-9a-f]*$/i, '$1').slice(0, 120);
}
