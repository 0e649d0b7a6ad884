import { dateOrders } from '../app/telemetry/logs/stamps.ts';
import { sourceHelp } from '../app/telemetry/sources.ts';
import { Argument, Option } from 'commander';
import { text } from '../app/core/i18n.ts';
import { intervalOption, sourceOption, speedOption } from './options.ts';

// Options that several commands have. Functions, because the language is set after the modules are loaded.

export const sourceOptions = (): Option[] => [
  new Option('--source <source>', sourceHelp()).default({ kind: 'auto' }, 'auto').argParser(sourceOption),
];

export const dataDirOption = (): Option => new Option('--data-dir <folder>', text('cli.option.dataDir'));

/** Of commands that read logs of other programs. */
export const dateOrderOption = (): Option =>
  new Option('--date-order <order>', text('cli.option.dateOrder')).choices(dateOrders);

export const jsonOption = (): Option => new Option('--json', text('cli.option.json'));

export const simulatedOption = (): Option => new Option('--simulated', text('cli.option.simulated'));

/** Of commands that record while they run. */
export const recordingOptions = (): Option[] => [
  ...sourceOptions(),
  new Option('--speed <factor>', text('cli.option.speed')).default(1).argParser(speedOption),
  dataDirOption(),
  new Option('--interval <seconds>', text('cli.option.interval')).argParser(intervalOption),
];

/** Of commands that work on a history file. */
export const historyOptions = (): Option[] => [
  dataDirOption(),
  new Option('--file <file>', text('cli.option.historyFile')),
];

/** The other command line that `run` and `sweep` start. */
export const commandArgument = (): Argument => new Argument('<command...>', text('cli.option.command'));

export const targetArgument = (): Argument => new Argument('<target>', text('cli.option.target'));
