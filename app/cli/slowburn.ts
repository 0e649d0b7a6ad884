import { Command, Option } from 'commander';
import { meter, type MeterCommandOptions } from './meter.ts';
import { monitor, type MonitorOptions } from './monitor.ts';
import {
  addressOption,
  capsOption,
  EXIT,
  intervalOption,
  patternOption,
  portOption,
  secondsOption,
  sourceOption,
  speedOption,
} from './options.ts';
import { run, type RunOptions } from './run.ts';
import { sweep, type SweepOptions } from './sweep.ts';
import { vectors } from './vectors.ts';
import { workloadKinds } from '../workload/generators.ts';

const program = new Command('slowburn')
  .description('Thermal, health and wear monitor for NVIDIA GPUs, without a window.')
  .enablePositionalOptions()
  .showHelpAfterError('(see slowburn --help)')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));

// a reader that closes the pipe (head, less) has seen enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

const finish = (code: number): void => {
  process.exitCode = code;
  // a thread that hangs inside the driver would keep the process for ever
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3000).unref();
};

const recording = (command: Command): Command =>
  command
    .addOption(
      new Option('--source <source>', 'auto, nvml, nvidia-smi, replay:FILE or simulator[:N]')
        .default({ kind: 'auto' }, 'auto')
        .argParser(sourceOption),
    )
    .addOption(new Option('--speed <factor>', 'play a recording faster').default(1).argParser(speedOption))
    .option('--data-dir <folder>', 'where history and settings are kept')
    .addOption(new Option('--interval <seconds>', 'time between samples').argParser(intervalOption));

const outputs = (command: Command): Command =>
  command
    .option('--name <name>', 'name of the session (default: the program)')
    .addOption(new Option('--kind <kind>', 'what the command makes').choices(workloadKinds))
    .option('--model <name>', 'the model it uses')
    .option('--outputs <glob>', "count new files that match, as 'out/**/*.png'")
    .addOption(new Option('--lines <pattern>', 'count printed lines that match').argParser(patternOption));

recording(program.command('monitor').description('record, and show a live table in the terminal'))
  .option('--record <file>', 'also write a recording that can be played with --source replay:FILE')
  .addOption(new Option('--for <seconds>', 'stop after this time').argParser(secondsOption))
  .action(async (options: MonitorOptions) => finish(await monitor(options)));

outputs(recording(program.command('run').description('run a command and record what it does to the card')))
  .argument('<command...>', 'the command, after --')
  .passThroughOptions()
  .action(async (command: string[], options: RunOptions) => finish(await run(command, options)));

outputs(recording(program.command('sweep').description('run a command once at each of several power caps')))
  .addOption(new Option('--power <from:to:step>', 'caps in watts').argParser(capsOption).makeOptionMandatory())
  .option('--gpu <gpu>', 'index or UUID of the card (default: the only one)')
  .argument('<command...>', 'the command, after --')
  .passThroughOptions()
  .action(async (command: string[], options: SweepOptions) => finish(await sweep(command, options)));

recording(
  program.command('meter').description('count what an OpenAI-compatible server generates, as a proxy before it'),
)
  .addOption(
    new Option('--to <url>', 'the server to pass requests on to').argParser(addressOption).makeOptionMandatory(),
  )
  .addOption(new Option('--port <port>', 'where to listen').argParser(portOption).makeOptionMandatory())
  .option('--host <address>', 'address to listen on; anything but loopback opens the server to others', '127.0.0.1')
  .action(async (options: MeterCommandOptions) => finish(await meter(options)));

program
  .command('vectors')
  .description('check the wear model against a file of test vectors')
  .argument('<file>')
  .action((file: string) => finish(vectors(file)));

await program.parseAsync();
