import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** Removes a folder. A process that still ends may write a file while that is done: then it is tried again. */
async function remove(folder: string): Promise<void> {
  for (let left = 40; ; left--) {
    try {
      return fs.rmSync(folder, { recursive: true, force: true });
    } catch (thrown) {
      if (left === 0) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A folder for one test, removed after it. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-test-'));
  onTestFinished(() => remove(folder));
  return folder;
}

/** The built programs and threads; `npm test` builds before it tests. */
export const threads = new URL('../../out/node/', import.meta.url);
