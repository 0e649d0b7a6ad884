import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { openMeterNote, readMeterNotes } from '../../app/workload/meter/note.node.ts';
import { openMeter } from '../../app/workload/meter/proxy.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { serve } from '../support/loopback-server.ts';

const program = fileURLToPath(new URL('slowburn.js', threads));

/** Runs a script under `slowburn run` in a folder, and returns what was printed and the workload of its session. */
async function run(options: readonly string[], script: string, folder = temporaryFolder()) {
  const data = path.join(folder, 'data');
  const args = ['run', '--source', 'simulator', '--interval', '0.1', '--data-dir', data, ...options];
  const child = spawn(process.execPath, [program, ...args, '--', process.execPath, '-e', script], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, error] = ['', ''];
  child.stdout.on('data', (piece) => (out += String(piece)));
  child.stderr.on('data', (piece) => (error += String(piece)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(code, error).toBe(0);
  const db = openForReading(path.join(data, 'history.simulated.db'));
  if (!db.ok) throw new Error(db.error.message);
  const store = createStore(db.value);
  const [session] = store.sessions.newest(1);
  store.close();
  return { out, error, workload: session!.summary!.workload! };
}

describe('slowburn run counts', () => {
  it('lines of both streams, without joining them, and characters that arrive in two pieces', async () => {
    const script = `
      const { stdout, stderr } = process;
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      (async () => {
        stdout.write('saved '); await wait(60);
        stderr.write('saved '); await wait(60);
        const é = Buffer.from('é1\\n');
        stdout.write(é.subarray(0, 1)); await wait(60);
        stdout.write(é.subarray(1)); await wait(60);
        stderr.write('é2\\nother\\n');
      })();`;
    const { workload } = await run(['--lines', '^saved é\\d$'], script);
    expect(workload.outputs).toMatchObject({ unit: 'line', count: 2, countedBy: 'lines' });
    expect(workload.note).toBeUndefined();
  });

  it('no line, and says so', async () => {
    const { error, workload } = await run(['--lines', '^saved'], "console.log('a'); console.error('b')");
    expect(error).toContain('None of the 2 lines that were printed matches --lines ^saved.');
    expect(workload).toMatchObject({ outputs: { count: 0 }, note: expect.stringContaining('None of the 2 lines') });
  });

  it('each overwrite of a file, and one with an ending in capitals', async () => {
    const script = `
      const fs = require('node:fs');
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      (async () => {
        for (const i of [1, 2, 3]) { fs.writeFileSync('latest.png', 'picture ' + i); await wait(1200); }
        fs.writeFileSync('B.PNG', 'b');
      })();`;
    const { workload } = await run(['--outputs', '*.png'], script);
    expect(workload.outputs).toMatchObject({ unit: 'file', count: 4 });
  });

  it('no file, and says where it looked', async () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'out'));
    const { error } = await run(['--outputs', 'out/*.png'], '0', folder);
    expect(error).toContain(`matches --outputs out/*.png. Looked in ${path.join(folder, 'out')}.`);
    const absent = await run(['--outputs', 'elsewhere/*.png'], '0', folder);
    expect(absent.error).toContain(`there is no folder ${path.join(folder, 'elsewhere')}.`);
  });

  it('what passes a meter while a client runs', async () => {
    const folder = temporaryFolder();
    const { port: behind } = await serve((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end('{"model":"own","usage":{"prompt_tokens":2,"completion_tokens":40}}');
    });
    const opened = await openMeter({ to: new URL(`http://127.0.0.1:${behind}`), port: 0 });
    if (!opened.ok) throw new Error(opened.error.message);
    const { port, totals, close } = opened.value;
    onTestFinished(close);
    const data = path.join(folder, 'data');
    const note = openMeterNote(data, behind);
    const write = (): void => note.write(totals());
    const timer = setInterval(write, 50);
    onTestFinished(() => clearInterval(timer));
    const post = (): string => `fetch('http://127.0.0.1:${port}/v1/chat/completions', { method: 'POST', body: '{}' })`;
    await (await fetch(`http://127.0.0.1:${port}/v1/x`, { method: 'POST', body: '{}' })).text();
    await expect.poll(() => readMeterNotes(data)[0]?.tokens).toBe(40); // before the session

    const script = `(async () => { for (let i = 0; i < 3; i++) await (await ${post()}).text(); })()`;
    const { error, workload } = await run([], script, folder);
    expect(workload).toMatchObject({
      outputs: { unit: 'token', count: 120, promptTokens: 6, countedBy: 'meter' },
      model: 'own',
      adapter: 'meter',
    });
    expect(error).toMatch(/Outputs\s+120 tokens/);
    expect(error).toContain('3 requests passed it');
  });
});
