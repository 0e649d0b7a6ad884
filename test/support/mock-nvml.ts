import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';

const folder = path.resolve(import.meta.dirname, '../mock-nvml');
const files = fs
  .readdirSync(folder)
  .sort()
  .map((name) => path.join(folder, name));

/** Compiles the stand-in driver. `without` names symbols that it shall not export, as an older driver would not. */
export function compileMock(without: readonly string[] = []): string {
  const hash = createHash('sha256').update(without.join());
  for (const file of files) hash.update(fs.readFileSync(file));
  const key = hash.digest('hex').slice(0, 16);
  const library = path.join(os.tmpdir(), `slowburn-mock-nvml-${key}.so`);
  if (!fs.existsSync(library)) {
    const temporary = `${library}.${process.pid}`;
    const defines = without.map((symbol) => `-DWITHOUT_${symbol}`);
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-fvisibility=hidden',
      ...defines,
      '-o',
      temporary,
      ...files.filter((file) => file.endsWith('.c')),
      '-lm',
      '-lpthread',
    ]);
    fs.renameSync(temporary, library);
  }
  return library;
}

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
