import { spawn } from 'node:child_process';
import { text } from '../../core/i18n.ts';
import { err, messageOf, ok } from '../../core/result.ts';
import { commandEnvironment, webhookBody } from './bodies.ts';
import type { ChannelContext, OpenedChannel, SendResult } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import type { AlertMessage } from './message.ts';

const LIMIT_MS = 20_000;

/** A NUL cannot be in an environment, and no name of a card may end one variable and begin another. */
const clean = (environment: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, value.replaceAll('\0', '')]));

/** Ends the command and what it has started: it leads a group of processes. */
function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

/** Starts a program with its arguments, without a shell: nothing in a message is ever interpreted. */
function start([file, ...args]: readonly string[], message: AlertMessage, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    const child = spawn(file!, args, {
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, ...clean(commandEnvironment(message)) },
    });
    let stopped: SendResult | undefined;
    const stop = (why: SendResult) => (): void => {
      stopped = why;
      kill(child.pid);
    };
    const late = err('timeout', text('channel.program.late', { seconds: LIMIT_MS / 1000 }));
    const timer = setTimeout(stop(late), LIMIT_MS);
    const cancel = stop(err('cancelled', text('channel.error.cancelled')));
    signal.addEventListener('abort', cancel, { once: true });
    const finish = (result: SendResult): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      resolve(stopped ?? result);
    };
    child.on('error', (thrown) => {
      const why = messageOf(thrown).replace(/^spawn .* (?=E[A-Z]+$)/, ''); // without the path
      finish({
        ...err('invalid-argument', text('channel.program.notStarted', { why }), text('channel.program.next')),
        rejected: true,
      });
    });
    child.on('exit', (code, killedBy) => {
      const how = killedBy ?? String(code);
      if (code === 0) finish(ok(undefined));
      else
        finish({
          ...err('invalid-argument', text('channel.program.failed', { how }), text('channel.program.next')),
          rejected: true,
        });
    });
    child.stdin.on('error', () => undefined); // it need not read
    child.stdin.end(`${JSON.stringify(webhookBody(message))}\n`);
  });
}

/** A program of the user's own. The message is in its environment and, as JSON, on its standard input. */
export async function openCommand({ settings }: ChannelContext<ChannelValues<'command'>>): Promise<OpenedChannel> {
  return { send: (message, signal) => start(settings.command, message, signal), close: async () => undefined };
}
