import fs from 'node:fs';
import { LONGEST_LINE_BYTES } from './read-input.node.ts';

/** A line of a file. An unterminated last line may be incomplete. */
export type Line = { readonly text: string; readonly number: number; readonly terminated: boolean };

export type LinesOptions = {
  readonly encoding?: string;
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
};

const CHUNK = 256 * 1024;

/** Does not make a stream of a descriptor: it would close it, and the descriptor belongs to the caller. */
async function* chunksOf(file: string | number): AsyncGenerator<Buffer> {
  if (typeof file === 'string') {
    yield* fs.createReadStream(file, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>;
    return;
  }
  const buffer = Buffer.alloc(CHUNK);
  for (let at = 0, got = -1; got !== 0; at += got) {
    got = fs.readSync(file, buffer, 0, CHUNK, at);
    if (got > 0) yield buffer.subarray(0, got);
  }
}

/**
 * The lines of a file, in one batch per read. Memory does not grow with the file: of a line longer than
 * LONGEST_LINE_BYTES only the number is returned.
 * @param file a path, or the descriptor of an open file
 */
export async function* linesOf(
  file: string | number,
  { encoding = 'utf-8', onProgress, signal }: LinesOptions,
): AsyncGenerator<readonly (Line | number)[]> {
  const decoder = new TextDecoder(encoding);
  let bytes = 0;
  let number = 0;
  let pending = '';
  let passing = false; // inside a line that is too long
  const cut = (text: string): (Line | number)[] => {
    const parts = (pending + text).split(/\r\n|\n/);
    pending = parts.pop()!;
    const lines = parts.map((part): Line | number => {
      number++;
      return part.length > LONGEST_LINE_BYTES ? number : { text: part, number, terminated: true };
    });
    if (passing && lines.length > 0) {
      lines.shift(); // the end of a line whose number was returned before
      passing = false;
    }
    if (passing) pending = '';
    else if (pending.length > LONGEST_LINE_BYTES) {
      pending = '';
      passing = true;
      lines.push(number + 1);
    }
    return lines;
  };
  for await (const chunk of chunksOf(file)) {
    if (signal?.aborted) return;
    yield cut(decoder.decode(chunk, { stream: true }));
    onProgress?.((bytes += chunk.length));
  }
  yield cut(decoder.decode());
  if (pending !== '' && !passing) yield [{ text: pending, number: number + 1, terminated: false }];
}
