import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folder = import.meta.dirname;
const files = fs
  .readdirSync(folder)
  .filter((name) => /\.[ch]$/.test(name))
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
