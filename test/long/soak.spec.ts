import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { historyFile } from '../../app/core/folders.node.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { temporaryFolder } from '../support/folders.ts';
import { compileMock } from '../support/mock-nvml.ts';

const MINUTES = Number(process.env['SLOWBURN_SOAK_MINUTES'] ?? 20);
const GPUS = 8;
const HZ = 10;
/** Until then V8 compiles and caches grow to their size. */
const WARM_S = Math.min(120, MINUTES * 20);

const rssMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
const openFiles = (pid: number): number => fs.readdirSync(`/proc/${pid}/fd`).length;
const highest = (values: readonly number[]): number => Math.max(...values);

it.skipIf(process.platform !== 'linux')(
  'a recorder keeps its memory and its open files, and stores what it samples',
  async () => {
    const data = temporaryFolder();
    const args = ['monitor', '--source', `nvml:${compileMock()}`, '--data-dir', data, '--interval', '0.1', '--quiet'];
    const child = spawn(
      process.execPath,
      ['--max-semi-space-size=1', '--v8-pool-size=1', '--single-threaded', 'out/node/slowburn.js', ...args],
      {
        stdio: 'ignore',
        env: { ...process.env, MOCK_NVML_COUNT: String(GPUS) },
      },
    );
    const memory: number[] = [];
    const files: number[] = [];
    const ended = once(child, 'exit');
    const endMs = performance.now() + MINUTES * 60_000;
    while (performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      memory.push(rssMiB(child.pid!));
      files.push(openFiles(child.pid!));
    }
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);

    const rest = memory.slice(WARM_S);
    const half = Math.floor(rest.length / 2);
    // memory that grows without end grows in the second half as in the first
    expect(highest(rest.slice(half))).toBeLessThan(highest(rest.slice(0, half)) + 10);
    expect(highest(files.slice(-half))).toBeLessThanOrEqual(highest(files.slice(0, WARM_S + half)));

    const opened = openForReading(historyFile(data, 'measured'));
    if (!opened.ok) throw new Error(opened.error.message);
    const store = createStore(opened.value);
    let samples = 0;
    for (const { frame } of store.samplesBetween('GPU-00000000-0000-0000-0000-000000000000', 0, Infinity)) {
      samples += frame ? 1 : 0;
    }
    store.close();
    expect(samples).toBeGreaterThan(0.95 * MINUTES * 60 * HZ); // a busy machine may miss some
    expect(samples).toBeLessThanOrEqual(MINUTES * 60 * HZ + HZ);
    expect(fs.existsSync(path.join(data, 'history.db'))).toBe(true);
  },
);
