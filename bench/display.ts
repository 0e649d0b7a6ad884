import { spawn } from 'node:child_process';

/** Runs something on the display there is, or on a virtual one made for it. */
export async function withDisplay<T>(work: (display: string) => Promise<T>): Promise<T> {
  if (process.env['DISPLAY']) return work(process.env['DISPLAY']);
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1000x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve) =>
    server.stdio[3]!.once('data', (data) => resolve(String(data).trim())),
  );
  try {
    return await work(`:${number}`);
  } finally {
    server.kill();
  }
}
