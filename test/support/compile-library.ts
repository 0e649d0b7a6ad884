import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Compiles a folder of C into a shared library, once for each state of its files, and answers where it lies.
 * @param without symbols that it shall not export, as an older library would not
 */
export function compileLibrary(folder: string, without: readonly string[] = []): string {
  const files = fs
    .readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
  const hash = createHash('sha256').update(without.join());
  for (const file of files) hash.update(fs.readFileSync(file));
  const key = hash.digest('hex').slice(0, 16);
  const library = path.join(os.tmpdir(), `slowburn-${path.basename(folder)}-${key}.so`);
  if (!fs.existsSync(library)) {
    const temporary = `${library}.${process.pid}`;
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-fvisibility=hidden',
      ...without.map((symbol) => `-DWITHOUT_${symbol}`),
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
