import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listLogs, LOG_BYTES, LOG_FILES, logFolder, openLog } from '../../app/core/log.node.ts';
import { diedRecorder, readRecorder, writeRecorder } from '../../app/core/recorder-note.node.ts';
import { logLastWords } from '../../app/recorder/last-words.node.ts';
import { temporaryFolder } from '../support/folders.ts';
import { buildScript } from '../support/governed.ts';
import { until } from '../support/processes.ts';

const read = (folder: string, name = 'recorder.log'): string =>
  fs.readFileSync(path.join(logFolder(folder), name), 'utf8');

describe('a log', () => {
  it('is private, has the time of each entry, and names neither home folder nor user', () => {
    const folder = temporaryFolder();
    const { homedir, userInfo } = os;
    openLog(folder, 'recorder').write(`opened ${homedir()}/x of ${userInfo().username}\nand more`);
    expect(read(folder)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z opened ~\/x of [^\n]*\n {2}and more\n$/);
    if (userInfo().username.length >= 3) expect(read(folder)).not.toContain(userInfo().username);
    expect(fs.statSync(path.join(logFolder(folder), 'recorder.log')).mode & 0o777).toBe(0o600);
  });

  it('never occupies more than its files of 1 MB, and loses the oldest entries first', () => {
    const folder = temporaryFolder();
    const log = openLog(folder, 'recorder');
    const entry = 'x'.repeat(LOG_BYTES / 4);
    for (let i = 0; i < 4 * (LOG_FILES + 3); i++) log.write(`${i} ${entry}`);
    const logs = listLogs(folder);
    expect(logs).toHaveLength(LOG_FILES);
    for (const { bytes } of logs) expect(bytes).toBeLessThanOrEqual(LOG_BYTES);
    expect(read(folder)).toContain(` ${4 * (LOG_FILES + 3) - 1} x`);
    expect(logs.map(({ file }) => fs.readFileSync(file, 'utf8')).join('')).not.toContain(' 0 x');
  });

  it('that cannot be written stops nothing', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'log'), 'a file in its place');
    expect(() => openLog(folder, 'recorder').write('lost')).not.toThrow();
    expect(listLogs(folder)).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('a log on a full disk', () => {
  it('stops nothing, and says afterwards how many entries are missing', () => {
    const folder = temporaryFolder();
    fs.mkdirSync(logFolder(folder));
    const file = path.join(logFolder(folder), 'recorder.log');
    fs.symlinkSync('/dev/full', file); // every write to it fails with ENOSPC
    const log = openLog(folder, 'recorder');
    log.write('lost');
    log.fault('lost too', new Error('the disk melted'));
    fs.rmSync(file);
    log.write('there is space again');
    log.write('and more');
    expect(read(folder)).toMatch(
      /Z 2 earlier entries could not be written\.\n {2}there is space again\n\S+Z and more\n$/,
    );
  });
});

describe('a recorder that dies', () => {
  it.each(['uncaughtException', 'unhandledRejection'])('by an %s logs the cause before it exits', async (way) => {
    const folder = temporaryFolder();
    const script = await buildScript('dying.mjs');
    onTestFinished(script.remove);
    const { status } = spawnSync(process.execPath, [script.script, folder, way], { stdio: 'ignore' });
    expect(status).not.toBe(0);
    expect(read(folder)).toMatch(new RegExp(`ends by an ${way}: Error: the disk melted\\n +at `));
  });

  it('logs the cause of death of each of its threads', async () => {
    const folder = temporaryFolder();
    const stop = logLastWords(openLog(folder, 'recorder'));
    const thread = new Worker(`throw new Error('no driver')`, { eval: true });
    thread.on('error', () => undefined); // as every caller does
    await until(() => fs.existsSync(logFolder(folder)) && /ended with code 1/.test(read(folder)));
    stop();
    expect(read(folder)).toMatch(/Thread \d+ failed: [^]*Error: no driver\n +at /);
  });

  it('is known to the next one by its note', () => {
    const folder = temporaryFolder();
    expect(diedRecorder(folder)).toBeUndefined();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeRecorder(folder, { pid: gone, databaseFile: 'x' });
    expect([diedRecorder(folder), readRecorder(folder)]).toEqual([gone, undefined]);
    writeRecorder(folder, { pid: process.pid, databaseFile: 'x' });
    expect(diedRecorder(folder)).toBeUndefined();
  });
});
