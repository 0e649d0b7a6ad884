import { Command, Option } from 'commander';
import { version } from '../package.json';
import { dateOrders } from '../app/telemetry/logs/stamps.ts';
import { doctor, type DoctorOptions } from './doctor.ts';
import { importLogs, utcOffsetOption, type ImportOptions } from './import.ts';
import { read, type ReadOptions } from './read.ts';
import type { ImportOptions as ReadBackOptions } from '../app/exchange/import.node.ts';
import { exportFormats } from '../app/exchange/format.ts';
import { dbBackup, dbCheck, dbCompact, dbImport, dbRestore, dbStats } from './db.ts';
import { exportCommand, metricsOption, momentOption, type ExportOptions } from './export.ts';
import type { FileOptions } from './history-file.ts';
import { exportLedger, importLedger, verifyLedgers, type LedgerOptions } from './ledger.ts';
import { wear, type WearOptions } from './wear.ts';
import { meter, type MeterCommandOptions } from './meter.ts';
import { monitor, type MonitorOptions } from './monitor.ts';
import {
  addressOption,
  capsOption,
  EXIT,
  gpuOption,
  globOption,
  intervalOption,
  patternOption,
  portOption,
  secondsOption,
  sourceOption,
  speedOption,
  wattsOption,
} from './options.ts';
import { run, type RunOptions } from './run.ts';
import { sweep, type SweepOptions } from './sweep.ts';
import { notes, out } from './terminal.ts';
import { workloadKinds } from '../app/workload/programs/kinds.ts';

const program = new Command('slowburn')
  .description('Thermal, health and wear monitor for NVIDIA GPUs, without a window.')
  .version(version)
  .enablePositionalOptions()
  .showHelpAfterError('(see slowburn --help)')
  .configureOutput({
    writeOut: out.text,
    writeErr: notes.text,
    outputError: (text, write) => write(text.replace(/^error: /, '')),
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));

// a reader that closes the pipe (head, less) has seen enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

// a fault of our own ends the program as Node would end it; what it says may hold a name from outside
process.on('uncaughtException', (thrown) => {
  notes.text(`${thrown.stack ?? thrown.message}\n`);
  process.exit(EXIT.failed);
});

const finish = (code: number): void => {
  process.exitCode = code;
  // a thread that hangs inside the driver would keep the process for ever
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3000).unref();
};

const sourced = (command: Command): Command =>
  command.addOption(
    new Option('--source <source>', 'auto, nvml, nvidia-smi, nvidia-smi-xml:FILE, replay:FILE or simulator[:N]')
      .default({ kind: 'auto' }, 'auto')
      .argParser(sourceOption),
  );

const recording = (command: Command): Command =>
  sourced(command)
    .addOption(new Option('--speed <factor>', 'play a recording faster').default(1).argParser(speedOption))
    .option('--data-dir <folder>', 'where history and settings are kept')
    .addOption(new Option('--interval <seconds>', 'time between samples').argParser(intervalOption));

const outputs = (command: Command): Command =>
  command
    .option('--name <name>', 'name of the session (default: the program)')
    .addOption(new Option('--kind <kind>', 'what the command makes').choices(workloadKinds))
    .option('--model <name>', 'the model it uses')
    .addOption(new Option('--outputs <glob>', "count new files that match, as 'out/**/*.png'").argParser(globOption))
    .addOption(new Option('--lines <pattern>', 'count printed lines that match').argParser(patternOption));

recording(program.command('monitor').description('record, and show a live table in the terminal'))
  .option('--record <file>', 'also write a recording that can be played with --source replay:FILE')
  .addOption(new Option('--for <seconds>', 'stop after this time').argParser(secondsOption))
  .option('--quiet', 'print faults and alerts when they begin, and nothing else')
  .action(async (options: MonitorOptions) => finish(await monitor(options)));

outputs(recording(program.command('run').description('run a command and record what it does to the card')))
  .argument('<command...>', 'the command, after --')
  .passThroughOptions()
  .action(async (command: string[], options: RunOptions) => finish(await run(command, options)));

sourced(program.command('read').description('read all GPUs once, record nothing, and print every reading'))
  .option('--json', 'for programs: each reading with its state, value, unit and source')
  .option('--pcie', 'measure PCIe traffic too, which takes 40 ms a card')
  .action(async (options: ReadOptions) => finish(await read(options)));

sourced(program.command('doctor').description('check driver, permissions, sleep, disk and history'))
  .option('--data-dir <folder>', 'where history and settings are kept')
  .option('--json', 'for programs')
  .action(async (options: DoctorOptions) => finish(await doctor(options)));

program
  .command('import')
  .description('read logs of nvidia-smi, HWiNFO64, GPU-Z or MSI Afterburner, or recordings, into the history')
  .argument('<file...>')
  .option('--gpu <name>', 'whose log it is: name or UUID of a GPU in the history, or a new name')
  .addOption(new Option('--date-order <order>', 'how dates are written').choices(dateOrders))
  .addOption(
    new Option('--utc-offset <offset>', 'of the machine that wrote the log (default: this one’s time zone)').argParser(
      utcOffsetOption,
    ),
  )
  .option('--data-dir <folder>', 'where history and settings are kept')
  .action(async (files: string[], options: ImportOptions) => finish(await importLogs(files, options)));
outputs(recording(program.command('sweep').description('run a command once at each of several power caps')))
  .addOption(new Option('--power <from:to:step>', 'caps in watts').argParser(capsOption).makeOptionMandatory())
  .addOption(new Option('--gpu <gpu>', 'index or UUID of the GPU (default: the only one)').argParser(gpuOption))
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

const ofHistory = (command: Command): Command =>
  command
    .option('--data-dir <folder>', 'where the history is kept')
    .option('--file <file>', 'the history itself, when there are several');

ofHistory(program.command('export').description('write samples to CSV, JSON lines or Parquet'))
  .addOption(new Option('--format <format>', 'else told by the name of the file').choices(exportFormats))
  .addOption(
    new Option('--from <when>', 'date, time, or age as 24h or 7d (default: the first sample)').argParser(momentOption),
  )
  .addOption(new Option('--to <when>', 'date, time or age (default: the last sample)').argParser(momentOption))
  .addOption(
    new Option('--metrics <list>', 'keys with commas between (default: all)').default([]).argParser(metricsOption),
  )
  .option('--gpu <gpu>', 'UUID or index (default: all)')
  .argument('<target>', 'the file to write')
  .action(async (target: string, options: ExportOptions) => finish(await exportCommand(target, options)));

const db = program.command('db').description('look after the history');
ofHistory(db.command('check').description('read everything and say what is wrong')).action(
  async (options: FileOptions) => finish(await dbCheck(options)),
);
ofHistory(db.command('backup').description('copy the history while recording goes on'))
  .argument('<target>', 'the file to write')
  .action(async (target: string, options: FileOptions) => finish(await dbBackup(target, options)));
ofHistory(
  db.command('restore').description('put a backup in the place of the history, which is kept under another name'),
)
  .argument('<backup>')
  .action(async (backup: string, options: FileOptions) => finish(await dbRestore(backup, options)));
ofHistory(db.command('compact').description('make the file as small as it can be')).action(
  async (options: FileOptions) => finish(await dbCompact(options)),
);
ofHistory(db.command('import').description('read an export of Slowburn back'))
  .option('--unverified', 'take a CSV or JSON lines file without checks, from an earlier version or another program')
  .argument('<source>')
  .action(async (source: string, options: FileOptions & ReadBackOptions) => finish(await dbImport(source, options)));
ofHistory(db.command('stats').description('what the disk holds')).action((options: FileOptions) =>
  finish(dbStats(options)),
);
program
  .command('wear')
  .description('what the heat cost: modelled stress exposure of a trace or of a recorded period')
  .option('--trace <file>', 'a CSV or recording instead of the history')
  .addOption(new Option('--from <time>', 'begin of the period, for instance 2026-03-01').argParser(momentOption))
  .addOption(new Option('--to <time>', 'end of the period').argParser(momentOption))
  .option('--gpu <gpu>', 'UUID, its beginning, or index of a card')
  .option('--data-dir <folder>', 'where the history is kept')
  .option('--simulated', 'the history of the simulator')
  .addOption(
    new Option('--power-limit <watts>', 'default power limit, where it was not recorded').argParser(wattsOption),
  )
  .addOption(
    new Option('--gap <seconds>', 'longer between two samples of a trace is unobserved (10)').argParser(secondsOption),
  )
  .option('--json', 'all of it, for other programs')
  .action(async (options: WearOptions) => finish(await wear(options)));

const ledger = program.command('ledger').description('the life of a card: export, import, verify');
const ledgerOptions = (command: Command): Command =>
  command
    .option('--gpu <uuid>', 'UUID of a card, or its beginning')
    .option('--data-dir <folder>', 'where ledgers are kept')
    .option('--simulated', 'ledgers of the simulator');
ledgerOptions(ledger.command('export').description('write the ledger of a card'))
  .argument('[file]', 'standard output without it')
  .action((file: string | undefined, options: LedgerOptions) => finish(exportLedger(file, options)));
ledgerOptions(ledger.command('import').description('take in an exported ledger; no hour is counted twice'))
  .argument('<file>')
  .action((file: string, options: LedgerOptions) => finish(importLedger(file, options)));
ledgerOptions(ledger.command('verify').description('check the chain of sealed days'))
  .argument('[file]', 'all own ledgers without it')
  .action((file: string | undefined, options: LedgerOptions) => finish(verifyLedgers(file, options)));

await program.parseAsync();
