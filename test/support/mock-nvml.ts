import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';

export { compileMock } from '../mock-nvml/compile.ts';

/** The calls that the stand-in driver has had, each as "GPU symbol"; -1 is the library itself. */
export type MockLog = { readonly calls: () => string[]; readonly clear: () => void };

/** Has the stand-in driver of this process write down its calls, until the test ends. */
export function logMock(): MockLog {
  const file = path.join(temporaryFolder(), 'calls');
  const clear = (): void => fs.writeFileSync(file, '');
  clear();
  process.env['MOCK_NVML_LOG'] = file;
  onTestFinished(() => {
    delete process.env['MOCK_NVML_LOG'];
  });
  return { calls: () => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean), clear };
}

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
