import { Option } from 'commander';
import { text } from '../app/core/i18n.ts';
import { linearPattern, type LinearPattern } from '../app/core/linear-pattern.ts';
import { parseGlob, type Glob } from '../app/workload/adapters/glob.ts';
import { workloadKinds } from '../app/workload/programs/kinds.ts';
import { valid } from './options.ts';

// Apart from the options of commands that only record: what compiles a person's patterns is large.

export const patternOption = (given: string): LinearPattern => valid(linearPattern(given));

export const globOption = (given: string): Glob => valid(parseGlob(given, process.platform === 'win32'));

/** Of commands that run another command and count its outputs. */
export const outputOptions = (): Option[] => [
  new Option('--name <name>', text('cli.option.name')),
  new Option('--kind <kind>', text('cli.option.kind')).choices(workloadKinds),
  new Option('--model <name>', text('cli.option.model')),
  new Option('--outputs <glob>', text('cli.option.outputs')).argParser(globOption),
  new Option('--lines <pattern>', text('cli.option.lines')).argParser(patternOption),
];
