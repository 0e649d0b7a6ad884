import v8 from 'node:v8';
import type { Command as Parser } from 'commander';
import { version } from '../package.json';
import { setLanguage, text } from '../app/core/i18n.ts';
import { systemLanguage } from '../app/core/system-language.node.ts';
import { alwaysOn } from './always-on.ts';
import { EXIT } from './options.ts';
import { createProgram } from './program.ts';
import { notes, out } from './terminal.ts';

setLanguage(systemLanguage);

// a reader that closes the pipe (head, less) has seen enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

// a bug ends the program as Node would end it; the message may contain a name from outside, so it goes through `notes`
process.on('uncaughtException', (thrown) => {
  notes.text(`${thrown.stack ?? thrown.message}\n`);
  process.exit(EXIT.failed);
});

function finish(code: number): void {
  process.exitCode = code;
  // a thread that hangs in the driver would keep the process alive
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3000).unref();
}

/** The words that call a command, such as `slowburn db stats`. */
const nameOf = (parser: Parser): string =>
  parser.parent ? `${nameOf(parser.parent)} ${parser.name()}` : parser.name();

/**
 * Bytes of bytecode that a function runs before V8 optimises it; 67,584 is V8's own. At one tick per second, optimising took
 * more time than it saved for hours. A long job still reaches this in milliseconds.
 */
const OPTIMISE_AFTER = 1_000_000;

const lasting = await alwaysOn(process.argv[2]);
if (lasting) v8.setFlagsFromString(`--interrupt-budget=${OPTIMISE_AFTER}`);
const registry = lasting ?? (await import('./commands.ts'));
const program = createProgram(finish, registry).version(version);
// sub-commands were made before: they get these settings, too
for (const parser of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  parser
    .showHelpAfterError(text('cli.helpHint', { command: nameOf(parser) }))
    .configureOutput({
      writeOut: out.text,
      writeErr: notes.text,
      outputError: (message, write) => write(message.replace(/^error: /, '')),
    })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));
}
await program.parseAsync();
