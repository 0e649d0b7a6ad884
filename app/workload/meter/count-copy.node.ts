import type { IncomingMessage } from 'node:http';
import zlib from 'node:zlib';
import type { Duplex } from 'node:stream';
import type { Counter } from './counter.ts';

/** A copy that falls this far behind is not counted further: counting never delays the answer itself. */
const MOST_BEHIND = 16 * 1024 * 1024;

const decoders: Readonly<Record<string, () => Duplex & zlib.Zlib>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
};

/** Feeds a copy of an answer to its counter, decompressed if necessary. Calls `done` once, at the end. */
export function countCopy(answer: IncomingMessage, counter: Counter, done: () => void): void {
  const encoding = String(answer.headers['content-encoding'] ?? 'identity');
  if (encoding === 'identity') {
    answer.on('data', (piece: Buffer) => counter.feed(piece));
    answer.on('close', done);
    return;
  }
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding]!() : undefined;
  if (!decoder) {
    counter.lost();
    return done();
  }
  decoder.on('data', (piece: Buffer) => counter.feed(piece));
  decoder.on('error', () => decoder.destroy()); // broken off, or not what its header says: the part so far counts
  decoder.on('close', done);
  answer.on('data', (piece: Buffer) => {
    if (decoder.writableLength > MOST_BEHIND) {
      counter.lost();
      decoder.destroy();
    } else if (!decoder.destroyed) decoder.write(piece);
  });
  answer.on('close', () => decoder.end());
}
