import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readText } from './cache.mjs';
import { root, say, SetupError, systemFailure } from './console.mjs';

const checkout = fileURLToPath(root);
const SOURCES = [
  'app',
  'cli',
  'main',
  'renderer',
  'assets/page',
  'scripts/build.mjs',
  'scripts/build',
  'package-lock.json',
];

/** A digest of all sources by name, size and time: telling a fresh build from a stale one takes milliseconds. */
function sourcesDigest() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const top = path.join(checkout, source);
    const files = fs.statSync(top).isDirectory()
      ? fs
          .readdirSync(top, { recursive: true })
          .map((name) => path.join(top, name))
          .sort()
      : [top];
    for (const file of files) {
      const { size, mtimeMs } = fs.statSync(file);
      hash.update(`${path.relative(checkout, file)}\0${size}\0${mtimeMs}\0`);
    }
  }
  return hash.digest('hex');
}

/** Builds when a source has changed since the last build. */
export async function ensureBuild() {
  const stamp = path.join(checkout, 'out', '.stamp');
  const digest = sourcesDigest();
  if (readText(stamp) === digest) return;
  fs.mkdirSync(path.dirname(stamp), { recursive: true });
  fs.accessSync(path.dirname(stamp), fs.constants.W_OK);
  fs.rmSync(stamp, { force: true }); // a build that ends half-way is none
  say('Building');
  const { buildAll } = await import('../build.mjs');
  try {
    await buildAll();
  } catch (error) {
    throw systemFailure(error) ?? new SetupError(`The build failed: ${error.message}`);
  }
  fs.writeFileSync(stamp, digest);
}
