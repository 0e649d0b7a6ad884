import type { AdapterId, CounterId } from '../adapters/ids.ts';
import { invocationOf, MATCHED, optionOf, plainName } from './invocation.ts';
import { shortModel } from './model-name.ts';
import type { Evidence, WorkloadKind } from './kinds.ts';
import type { ProgramRule } from './schema.ts';
import type { KnownProgram } from './program-row.ts';
import { programTable } from './program-table.ts';

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
  readonly ancestors: readonly {
    readonly pid: number;
    /** as above; empty or absent: not known */
    readonly startedAt?: string;
    readonly command: readonly string[];
  }[];
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

const matchOf = ({ id, name, kind, adapter, port }: KnownProgram, evidence: Evidence): Match => ({
  id,
  name,
  kind,
  evidence,
  ...(adapter && { adapter }),
  ...(port && { port }),
});

const rowOf = (command: readonly string[], folder?: string): KnownProgram | undefined => {
  const invocation = invocationOf(command, folder);
  return programTable.find((row) => row.fits(invocation));
};

/** The beginning of a command line, without joining all of a long one. */
function lineOf(command: readonly string[]): string {
  let line = '';
  for (const part of command) {
    if (line.length >= MATCHED) break;
    line += `${line === '' ? '' : ' '}${part.slice(0, MATCHED)}`;
  }
  return line.slice(0, MATCHED);
}

function ruleFor({ command, folder }: ProcessFacts, rules: readonly ProgramRule[]): ProgramRule | undefined {
  const searched = `${lineOf(command)}\n${folder?.slice(0, MATCHED) ?? ''}`.toLowerCase();
  return rules.find(({ contains }) => contains !== '' && searched.includes(contains.toLowerCase()));
}

/** Words behind the name of a unit or a container that say how it is run, as `vllm-openai` or `comfyui.service`. */
const SUFFIX = /[-_.](service|scope|slice|container|server|openai)$/;

/** Plain names of the units and containers in a control group or a container monitor's command line. */
const placesOf = (place: string): readonly string[] =>
  [
    ...new Set(
      place
        .slice(0, MATCHED)
        .toLowerCase()
        .split(/[\s/:]/),
    ),
  ].map((word) => plainName(plainName(word.replace(SUFFIX, '')).replace(SUFFIX, '')));

/**
 * Recognises the program that a process belongs to. In order: the user's own rules; a program that starts servers as its own;
 * the process's command line and folder; its service or container; its nearest recognised ancestor. A port is no evidence:
 * anything may listen on it.
 */
export function matchProcess(facts: ProcessFacts, rules: readonly ProgramRule[] = []): Match | undefined {
  const rule = ruleFor(facts, rules);
  if (rule) {
    const { name, kind, adapter } = rule;
    return { id: `rule:${name}`, name, kind, evidence: 'rule', ...(adapter && { adapter }) };
  }
  const own = rowOf(facts.command, facts.folder);
  const ancestors = facts.ancestors.map(({ command }) => rowOf(command));
  const starter = ancestors.find((row) => row?.starts);
  if (starter && starter.id !== own?.id) return { ...matchOf(starter, 'parent'), kind: own?.kind ?? starter.kind };
  if (own) return matchOf(own, 'command');
  const places = facts.place === undefined ? [] : placesOf(facts.place);
  const byPlace = programTable.find((row) => row.isIn(places));
  if (byPlace) return matchOf(byPlace, 'place');
  const parent = ancestors.find((row) => row !== undefined);
  return parent && matchOf(parent, 'parent');
}

/**
 * The server that a command line starts, whatever program it is part of. A fork speaks as what it is a fork of, so the last
 * row that fits counts: llama.cpp's server that Ollama starts is one of llama.cpp.
 */
export function spokenBy(command: readonly string[], folder?: string): AdapterId | undefined {
  const invocation = invocationOf(command, folder);
  return programTable.findLast((row) => row.adapter !== undefined && row.fits(invocation))?.adapter;
}

const MODEL_OPTIONS = [
  '--model',
  '-m',
  '--model-path',
  '--model_path',
  '--model-id',
  '--model_id',
  '--ckpt',
  '--diffusion-model',
  '--pretrained_model_name_or_path',
  '--model_name_or_path',
  '--served-model-name',
  '-hf',
  '--hf-repo',
];
const SERVES = new Set(['serve', 'run']);

/** The model that a command line names, as it is written there: a model option's value, or the argument of `vllm serve`. */
export function modelOption(command: readonly string[]): string | undefined {
  const { file, options } = invocationOf(command);
  const [first = '', ...rest] = options;
  const argument = (): string | undefined => {
    if (file === 'trtllm-serve' && first !== 'serve') return first;
    return SERVES.has(first) ? rest.find((option) => option !== 'api_server') : undefined;
  };
  const model = optionOf(options, MODEL_OPTIONS) ?? argument();
  return model === undefined || model.startsWith('-') ? undefined : model;
}

/** The model named on a command line, for display. */
export function modelFromCommand(command: readonly string[]): string | undefined {
  const model = modelOption(command);
  return model && shortModel(model);
}
