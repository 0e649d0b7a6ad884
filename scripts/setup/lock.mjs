import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readText } from './cache.mjs';
import { root, say } from './console.mjs';

const ofCheckout = path.join(fileURLToPath(root), '.setup.lock');
const LOOK_EVERY_MS = 250;
const FORGOTTEN_MS = 3_600_000; // no set-up takes an hour: by then another process has the number
const TORN_MS = 5_000; // its owner ended before it wrote its number

function isAlive(pid) {
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // alive, but another user's
  }
}

/** Takes the lock. Returns undefined, or the process that holds it. Removes the lock of a process that has ended. */
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
 * Does `work` while no other command sets up this checkout: two at once would write to the same folders. A checkout that
 * cannot be written to needs no lock; if a set-up is still needed there, it fails with its own message.
 */
export async function oneAtATime(work, file = ofCheckout) {
  try {
    let told = false;
    for (let owner = take(file); owner !== undefined; owner = take(file)) {
      if (!told && owner > 0 && isAlive(owner)) {
        told = true;
        say(`Another command is setting up this folder (process ${owner}). Waiting`);
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
