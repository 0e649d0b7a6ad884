import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';

export { compileMock } from '../mock-nvml/compile.ts';

export type MockControl = { readonly set: (...lines: readonly string[]) => void };

/** A control file for the stand-in driver of this process, until the test ends. `set` replaces what it says. */
export function controlMock(...lines: readonly string[]): MockControl {
  const file = path.join(temporaryFolder(), 'control');
  let size = 0;
  const set = (...now: readonly string[]): void => {
    // the library notices a change by size or time: a comment of changing length makes sure
    const text = `${now.join('\n')}\n#${'.'.repeat((size = (size + 1) % 50))}\n`;
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  };
  set(...lines);
  process.env['MOCK_NVML_CONTROL'] = file;
  onTestFinished(() => {
    delete process.env['MOCK_NVML_CONTROL'];
  });
  return { set };
}
