import { spawn } from 'node:child_process';
import { Option } from 'commander';
import { text } from '../../app/core/i18n.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../options.ts';
import { systemOption } from '../service/options.ts';
import { managerOf, scopeOf, type ScopeOptions } from '../service/systemd.ts';
import { UNIT } from '../service/systemd-unit.ts';
import { printError } from '../terminal.ts';

type LogOptions = ScopeOptions & { readonly follow?: true; readonly lines: string };

/** `slowburn service logs`: the journal of the service. */
export const serviceLogs = {
  description: () => text('cli.service.logsDescription'),
  options: () => [
    systemOption(),
    new Option('--follow', text('cli.service.option.follow')),
    new Option('--lines <count>', text('cli.service.option.lines')).default('100'),
  ],
  async run({ follow, lines, ...options }: LogOptions): Promise<number> {
    const scope = scopeOf(options);
    const manager = managerOf(scope);
    if (!manager.ok) {
      printError(manager.error);
      return EXIT.failed;
    }
    const args = [scope === 'user' ? '--user-unit' : '--unit', UNIT, '--lines', lines, ...(follow ? ['--follow'] : [])];
    const child = spawn('journalctl', args, { stdio: 'inherit' });
    process.on('SIGINT', () => undefined); // Ctrl-C ends journalctl, which this process waits for
    return new Promise((resolve) => {
      child.on('exit', (code) => resolve(code ?? EXIT.ok));
      child.on('error', (error) => {
        printError({ message: text('cli.service.failed', { command: 'journalctl', why: error.message }) });
        resolve(EXIT.failed);
      });
    });
  },
} satisfies Command;
