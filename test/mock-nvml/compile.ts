import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const source = path.resolve(import.meta.dirname, 'nvml.c');

/** Compiles the stand-in driver. `without` names symbols that it shall not export, as an older driver would not. */
export function compileMock(without: readonly string[] = []): string {
  const key = createHash('sha256').update(fs.readFileSync(source)).update(without.join()).digest('hex').slice(0, 16);
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
      source,
    ]);
    fs.renameSync(temporary, library);
  }
  return library;
}
