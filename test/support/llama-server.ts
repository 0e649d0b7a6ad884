import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { tinyModel } from './tiny-gguf.ts';

/** Models of the system below a root, for programs that run there. */
const MODELS = '/srv/models';

/** A port that is free now. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Whether this user may enter a separate root folder. */
export const mayEnterRoots = (): boolean =>
  spawnSync('unshare', ['-r', '-m', 'chroot', '/', 'true'], { stdio: 'ignore' }).status === 0;

/** Completes an unpacked system so that it can be entered, and puts models with random weights into it. */
export function furnish(root: string, models: readonly string[]): void {
  for (const name of ['lib', 'lib64', 'bin']) {
    if (!fs.existsSync(path.join(root, name))) fs.symlinkSync(`usr/${name}`, path.join(root, name));
  }
  for (const name of ['proc', 'tmp', MODELS]) fs.mkdirSync(path.join(root, name), { recursive: true });
  for (const name of models) fs.writeFileSync(path.join(root, MODELS, `${name}.gguf`), tinyModel(name));
}

export type LlamaServer = { readonly port: number; readonly origin: string; readonly process: ChildProcess };

const ENTER = 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"';

/**
 * Starts llama.cpp's server below a root, and waits until it answers.
 * @param model undefined: a router of all models
 */
export async function startLlamaServer(
  root: string,
  model: string | undefined,
  ...options: readonly string[]
): Promise<LlamaServer> {
  const port = await freePort();
  const models = model === undefined ? ['--models-dir', MODELS] : ['-m', `${MODELS}/${model}.gguf`];
  const command = ['/usr/bin/llama-server', ...models, '--host', '127.0.0.1', '--port', String(port)];
  const sizes = ['-c', '2048', '-np', '1', '-t', '1'];
  const child = spawn('unshare', ['-r', '-m', 'bash', '-c', ENTER, root, ...command, ...sizes, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said = (said + String(text)).slice(-4000)));
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; child.exitCode === null && tries < 300; tries++) {
    const answer = await fetch(`${origin}/health`).catch(() => undefined);
    if (answer?.ok) return { port, origin, process: child };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  throw new Error(`llama-server did not start: ${said}`);
}
