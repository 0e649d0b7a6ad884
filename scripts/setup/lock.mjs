import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readText } from './cache.mjs';
import { root, say } from './console.mjs';

const ofCheckout = path.join(fileURLToPath(root), '.setup.lock');
const LOOK_EVERY_MS = 250;
const FORGOTTEN_MS = 3_600_000; // no set-up takes an hour: by then the number belongs to another process
const TORN_MS = 5_000; // its owner ended before it wrote its number

function isAlive(pid) {
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // alive, but another user's
  }
}

/** Undefined when the lock is ours now, else the process that holds it. The lock of one that has gone is removed. */
function take(file) {
  try {
    fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
    return undefined;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const owner = Number(readText(file));
  const ageMs = Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  const gone = owner > 0 ? !isAlive(owner) || ageMs > FORGOTTEN_MS : ageMs > TORN_MS;
  if (gone) fs.rmSync(file, { force: true });
  return owner;
}

/**
 * Does `work` while no other command sets this checkout up: two at once would write into the same folders. Where the
 * checkout cannot be written to there is nothing to guard, and a set-up that is needed all the same says so itself.
 */
export async function oneAtATime(work, file = ofCheckout) {
  try {
    let told = false;
    for (let owner = take(file); owner !== undefined; owner = take(file)) {
      if (!told && owner > 0 && isAlive(owner)) {
        told = true;
        say(`Another command sets this folder up (process ${owner}): waiting for it`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
    return work();
  }
  const release = () => fs.rmSync(file, { force: true });
  process.on('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}
