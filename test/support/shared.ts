import fs from 'node:fs';
import path from 'node:path';

/** Material shared between projects, beside the checkout. Where it is absent, tests say so and use their own fixtures. */
const folder = path.resolve(import.meta.dirname, '../../../shared');
const fixtures = path.resolve(import.meta.dirname, '../fixtures');

let told = false;
function tell(what: string): void {
  if (!told) process.stderr.write(`No ${what} beside the checkout: running on the project's own fixtures alone.\n`);
  told = true;
}

export type NamedFile = { readonly name: string; readonly file: string };

function filesBelow(top: string): NamedFile[] {
  if (!fs.existsSync(top)) return [];
  return fs
    .readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ name: path.relative(top, file), file }));
}

/** nvidia-smi output of real cards, with the project's own small documents. */
export function recordings(filter: (name: string) => boolean): NamedFile[] {
  const real = filesBelow(path.join(folder, 'recordings'));
  if (real.length === 0) tell('recordings');
  const own = filesBelow(path.join(fixtures, 'nvidia-smi')).map(({ name, file }) => ({ name: `own/${name}`, file }));
  return [...own, ...real].filter(({ name }) => filter(name));
}

/** Files of test vectors for the wear model. */
export function vectorFiles(): NamedFile[] {
  const real = filesBelow(path.join(folder, 'vectors'));
  if (real.length === 0) tell('vectors');
  return [...filesBelow(path.join(fixtures, 'vectors')), ...real];
}

/** A file of `shared/cases`, a real input with a known answer; undefined if it is not beside the checkout. */
export function sharedCase(name: string): string | undefined {
  const file = path.join(folder, 'cases', name);
  if (fs.existsSync(file)) return file;
  tell('cases');
  return undefined;
}
