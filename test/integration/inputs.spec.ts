import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../app/core/clock.node.ts';
import { linesOf } from '../../app/core/lines.node.ts';
import { openInput, readInput, readLines } from '../../app/core/read-input.node.ts';
import { readRecorder } from '../../app/core/recorder-note.node.ts';
import { csvHeader } from '../../app/exchange/csv.ts';
import { headerOf } from '../../app/exchange/jsonl.ts';
import { metrics } from '../../app/metrics/metrics.ts';
import { recordingHeader } from '../../app/telemetry/replay/recording.ts';
import { createDocumentStream } from '../../app/telemetry/smi/document-stream.ts';
import { openSmi } from '../../app/telemetry/smi/source.node.ts';
import { readMeterNotes } from '../../app/workload/meter/note.node.ts';
import { openLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { testGpu } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const program = new URL('slowburn.js', threads).pathname;
const MIB = 2 ** 20;
/** Writes the most memory that the process ever had, in KiB, when it ends. */
const TELL_MEMORY =
  'data:text/javascript,import{writeSync}from"node:fs";import{isMainThread}from"node:worker_threads";isMainThread&&process.on("exit",()=>writeSync(3,String(process.resourceUsage().maxRSS)))';

type Outcome = { readonly code: number | null; readonly text: string; readonly memoryMiB: number };

/** Runs a command. One that hangs is ended by the test's own time limit, and has no exit code. */
function slowburn(args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', TELL_MEMORY, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  const said = ['', '', '', ''];
  child.stdio.forEach((stream, i) => stream?.on('data', (text: Buffer) => (said[i] += text.toString())));
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, text: said[1]! + said[2]!, memoryMiB: Number(said[3]) / 1024 })),
  );
}

/** A history to read into, and each command that reads a file a person names. */
function commands() {
  const data = temporaryFolder();
  const { store } = openStore(path.join(data, 'history.db'));
  store.close();
  const inFolder = ['--data-dir', data];
  const named: Readonly<Record<string, (file: string) => readonly string[]>> = {
    import: (file) => ['import', file, ...inFolder],
    'db import': (file) => ['db', 'import', file, ...inFolder],
    'db restore': (file) => ['db', 'restore', file, ...inFolder],
    'db check --file': (file) => ['db', 'check', '--file', file],
    'wear --trace': (file) => ['wear', '--trace', file],
    'ledger verify': (file) => ['ledger', 'verify', file],
    'ledger import': (file) => ['ledger', 'import', file, ...inFolder],
    'read --source replay': (file) => ['read', '--source', `replay:${file}`],
    'monitor --source nvidia-smi-xml': (file) => [
      'monitor',
      '--source',
      `nvidia-smi-xml:${file}`,
      '--for',
      '1',
      ...inFolder,
    ],
  };
  return Object.entries(named);
}

function pipeIn(folder: string): string {
  const file = path.join(folder, 'pipe.csv');
  execFileSync('mkfifo', [file]);
  return file;
}

/** A file that states a size and takes no room on the disk. */
function sparse(file: string, bytes: number, head = ''): string {
  fs.writeFileSync(file, head);
  fs.truncateSync(file, bytes);
  return file;
}

async function socketIn(folder: string): Promise<string> {
  const file = path.join(folder, 'socket');
  const server = net.createServer().listen(file);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return file;
}

describe.runIf(process.platform === 'linux')('a file that a person names', () => {
  it.each([
    ['a pipe', (folder: string) => pipeIn(folder)],
    ['a device', () => '/dev/zero'],
    ['a socket', (folder: string) => socketIn(folder)],
    ['a folder', (folder: string) => folder],
  ] as const)('that is %s is refused by every command, with its kind and a next step', async (kind, make) => {
    const file = await make(temporaryFolder());
    for (const [name, args] of commands()) {
      const { code, text, memoryMiB } = await slowburn(args(file));
      expect(code, `${name}: ${text}`).toBeGreaterThan(0);
      expect(text, name).toContain(`${file} is ${kind}.`);
      expect(text, name).toMatch(/Name a file|name that file/);
      expect(memoryMiB, name).toBeLessThan(256);
    }
  });

  it('that claims 10 GB and holds nothing is refused by every command, without memory for it', async () => {
    const file = sparse(path.join(temporaryFolder(), 'huge'), 10 * 1024 * MIB);
    for (const [name, args] of commands().filter(([name]) => name !== 'db check --file')) {
      const { code, text, memoryMiB } = await slowburn(args(file));
      expect(code, `${name}: ${text}`).toBeGreaterThan(0);
      expect(text, name).toContain(file);
      expect(memoryMiB, name).toBeLessThan(256);
    }
  });

  it('that has a line of 400 MB is refused or the line is passed over, without memory for it', async () => {
    const folder = temporaryFolder();
    const text8k = 'x'.repeat(8192); // the first 4 kB determine the encoding
    const smi = 'timestamp, uuid, temperature.gpu\n2026/03/01 12:00:00.000, GPU-1, 50\n';
    const own = `${recordingHeader([testGpu()])}\n`;
    const heads: Readonly<Record<string, string>> = {
      import: smi,
      'wear --trace': smi,
      'read --source replay': own,
      'monitor --source nvidia-smi-xml': '<?xml version="1.0" ?>\n<nvidia_smi_log>\n',
      'ledger verify': '{"format":"slowburn-ledger"}\n',
      'ledger import': '{"format":"slowburn-ledger"}\n',
    };
    for (const [name, args] of commands().filter(([name]) => name in heads)) {
      const file = sparse(path.join(folder, 'long'), 400 * MIB, heads[name]! + text8k);
      const { text, memoryMiB } = await slowburn(args(file));
      expect(text, name).toMatch(/longer than/);
      expect(memoryMiB, name).toBeLessThan(256);
    }
    for (const head of [`${csvHeader(metrics)}\r\n`, `${headerOf([testGpu()], metrics)}\n`]) {
      const file = sparse(path.join(folder, 'export'), 400 * MIB, head);
      const [, args] = commands().find(([name]) => name === 'db import')!;
      const { code, text, memoryMiB } = await slowburn(args(file));
      expect([code, text]).toEqual([
        1,
        expect.stringContaining('line 2 is longer than any row. Nothing was imported.'),
      ]);
      expect(memoryMiB).toBeLessThan(300);
    }
  });

  it('to record to is refused if it is a pipe, which would hold up recording', async () => {
    const folder = temporaryFolder();
    const args = ['monitor', '--source', 'simulator', '--for', '1', '--data-dir', folder, '--record', pipeIn(folder)];
    expect(await slowburn(args)).toMatchObject({ text: expect.stringMatching(/is a pipe: .*\n\s+Name a file\./) });
  });
});

describe.runIf(process.platform === 'linux')('a file of the data folder', () => {
  it('that was replaced by a pipe or a device delays nothing', () => {
    const folder = temporaryFolder();
    for (const name of ['meters', 'ledgers']) fs.mkdirSync(path.join(folder, name));
    for (const file of ['recorder.json', 'meters/1.json', 'ledgers/GPU-1.jsonl'])
      execFileSync('mkfifo', [path.join(folder, file)]);
    fs.symlinkSync('/dev/zero', path.join(folder, 'meters/2.json'));
    fs.symlinkSync('/dev/zero', path.join(folder, 'ledgers/GPU-2.jsonl'));
    expect(readRecorder(folder)).toBeUndefined();
    expect(readMeterNotes(folder)).toEqual([]);
    expect(openLedgerStore(path.join(folder, 'ledgers')).uuids()).toEqual([]);
  });
});

describe('reading a file', () => {
  it('gives its bytes, whatever size it states, up to the limit and not a byte more', () => {
    const file = path.join(temporaryFolder(), 'file');
    for (const length of [0, 1, 4095, 4096, 4097, 3 * MIB + 7]) {
      const bytes = Buffer.alloc(length, 'of 17 characters.');
      fs.writeFileSync(file, bytes);
      const read = readInput(file, Math.max(1, length));
      expect(read.ok && read.value.equals(bytes)).toBe(true);
      if (length > 1)
        expect(readInput(file, length - 1)).toMatchObject({
          ok: false,
          error: { message: expect.stringContaining(file) },
        });
    }
    const opened = openInput(file);
    if (opened.ok) fs.closeSync(opened.value.descriptor);
    expect(opened).toMatchObject({ ok: true, value: { sizeBytes: 3 * MIB + 7 } });
  });

  it.runIf(process.platform === 'linux')('of /proc, which states no size, gives all of it', () => {
    const environment = readInput('/proc/self/environ', MIB);
    expect(environment).toEqual({ ok: true, value: fs.readFileSync('/proc/self/environ') });
    expect(readInput('/proc/self/environ', 10)).toMatchObject({ ok: false });
  });

  it('in lines names the line that is too long', async () => {
    const file = path.join(temporaryFolder(), 'file');
    const long = 'x'.repeat(4 * MIB);
    fs.writeFileSync(file, `a\n${long}\nb\n`);
    expect(readLines(file).ok).toBe(true);
    fs.writeFileSync(file, `a\n${long}x\nb\n`);
    expect(readLines(file)).toMatchObject({ ok: false, error: { message: `Line 2 of ${file} is longer than 4 MiB.` } });
    const lines = [];
    for await (const some of linesOf(file, {}))
      lines.push(...some.map((line) => (typeof line === 'number' ? line : line.text)));
    expect(lines).toEqual(['a', 2, 'b']);
  });
});

describe('a program that prints without end', () => {
  it('in the place of nvidia-smi is ended, and the fault says so', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'nvidia-smi');
    fs.writeFileSync(file, `#!/bin/sh\necho $$ > ${folder}/pid\nexec yes '<nvidia_smi_log> endless'\n`, {
      mode: 0o755,
    });
    const opened = await openSmi({ clock: systemClock, intervalMs: 200, program: file });
    expect(opened).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('64 MiB without the end of a document') },
    });
    const pid = Number(fs.readFileSync(path.join(folder, 'pid'), 'utf8'));
    await expect.poll(() => fs.existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('is read with memory that is given back', () => {
    let floods = 0;
    const stream = createDocumentStream(
      () => undefined,
      () => undefined,
      () => floods++,
    );
    for (let i = 0; i < 4 * 1024; i++) stream.push('x'.repeat(64 * 1024));
    expect(floods).toBe(3); // each of more than 64 MiB
  });
});
