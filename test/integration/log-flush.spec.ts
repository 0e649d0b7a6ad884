import fs from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createLogFlush } from '../../app/history/file/log-flush.node.ts';
import { temporaryFolder } from '../support/folders.ts';

/** How often this process has a file open. */
const timesOpen = (file: string): number =>
  fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      return false; // closed meanwhile
    }
  }).length;

const onLinux = it.runIf(process.platform === 'linux');

onLinux('the write-ahead log is opened once, however often it is flushed, and released with the history', async () => {
  const file = path.join(temporaryFolder(), 'history.db');
  const log = `${file}-wal`;
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const { db } = opened.value;
  const bySqlite = timesOpen(log);
  expect(bySqlite).toBeGreaterThan(0);

  const { flush, close } = createLogFlush(file);
  for (let second = 1; second < 6; second++) {
    flush(second * 1000);
    await vi.waitFor(() => expect(timesOpen(log)).toBe(bySqlite + 1));
  }
  close();
  flush(60_000);
  await vi.waitFor(() => expect(timesOpen(log)).toBe(bySqlite));
  db.close();
  expect(timesOpen(log)).toBe(0);
});

onLinux('a log that is not there yet is flushed as soon as it is', async () => {
  const file = path.join(temporaryFolder(), 'history.db');
  const { flush, close } = createLogFlush(file);
  let nowMs = 0;
  flush(nowMs);
  fs.writeFileSync(`${file}-wal`, '');
  await vi.waitFor(() => {
    flush((nowMs += 1000));
    expect(timesOpen(`${file}-wal`)).toBe(1);
  });
  close();
  await vi.waitFor(() => expect(timesOpen(`${file}-wal`)).toBe(0));
});
