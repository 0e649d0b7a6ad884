import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';

/**
 * A Parquet export states the SHA-256 of itself among the key-value metadata of its footer. The digest is that of the
 * whole file, first byte to last, with zeros in place of the digest's own 64 characters. So every bit of the file
 * counts, and it is checked without reading any of the file's structure but the length of its footer.
 */
export const DIGEST_KEY = 'slowburn-sha256';
const CHARACTERS = 64;
export const NO_DIGEST = '0'.repeat(CHARACTERS);

/** Key and value as Thrift's compact protocol writes them, up to the value: field 2, text, its length. */
const MARK = Buffer.from(`${DIGEST_KEY}\x18\x40`, 'latin1');
const MAGIC = 'PAR1';
const TAIL = 8; // length of the footer, and the magic
/** Held in memory: 50 million samples have a footer of this size. */
const LARGEST_FOOTER = 64 * 2 ** 20;
const CHUNK = 2 ** 20;

/** Where in a footer the digest stands; undefined: there is none. It follows the row groups, and is the last of its kind. */
function digestIn(footer: Buffer): Buffer | undefined {
  const at = footer.lastIndexOf(MARK);
  const start = at + MARK.length;
  return at < 0 || start + CHARACTERS > footer.length ? undefined : footer.subarray(start, start + CHARACTERS);
}

/** Puts the digest into the last part of a file. `before` has taken in what was written ahead of it. */
export function putDigest(before: Hash, last: Buffer): void {
  const digest = digestIn(last);
  if (digest?.toString('latin1') !== NO_DIGEST) throw new Error('The footer has no room for its digest.');
  digest.write(before.update(last).digest('hex'), 'latin1');
}

export type Verdict = 'whole' | 'damaged' | 'without' | 'foreign' | 'cancelled';

function readAt(descriptor: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return fs.readSync(descriptor, bytes, 0, length, from) === length ? bytes : Buffer.alloc(0);
}

/**
 * Compares a file with the digest it states.
 * @param owner bytes that a footer of ours holds in any case: tells an export without a digest from another program's file
 */
export function verifyDigest(descriptor: number, sizeBytes: number, owner: string, cancelled: () => boolean): Verdict {
  if (sizeBytes < MAGIC.length + TAIL) return 'damaged';
  const tail = readAt(descriptor, sizeBytes - TAIL, TAIL);
  if (tail.toString('latin1', 4) !== MAGIC) return 'damaged';
  const length = tail.readUInt32LE(0);
  if (length > sizeBytes - TAIL - MAGIC.length || length > LARGEST_FOOTER) return 'damaged';
  const footerAt = sizeBytes - TAIL - length;
  const footer = readAt(descriptor, footerAt, length);
  const digest = digestIn(footer);
  if (!digest) return footer.includes(owner) ? 'without' : 'foreign';
  const stated = digest.toString('latin1');
  digest.write(NO_DIGEST, 'latin1');
  const hash = createHash('sha256');
  for (let at = 0; at < footerAt; at += CHUNK) {
    if (cancelled()) return 'cancelled';
    hash.update(readAt(descriptor, at, Math.min(CHUNK, footerAt - at)));
  }
  return hash.update(footer).update(tail).digest('hex') === stated ? 'whole' : 'damaged';
}
