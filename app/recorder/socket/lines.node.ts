/** Puts lines together from pieces of a stream. A line is at most `longest` bytes, or `onTooLong` ends it. */
export function createLineReader(longest: number, onLine: (line: string) => void, onTooLong: () => void) {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let ended = false;

  function take(piece: Buffer): boolean {
    bytes += piece.length;
    pieces.push(piece);
    ended ||= bytes > longest;
    return !ended;
  }

  return (chunk: Buffer): void => {
    for (let from = 0; !ended && from < chunk.length;) {
      const end = chunk.indexOf(10, from);
      if (!take(chunk.subarray(from, end < 0 ? undefined : end))) return onTooLong();
      if (end < 0) return;
      const line = Buffer.concat(pieces).toString();
      pieces = [];
      bytes = 0;
      from = end + 1;
      onLine(line);
    }
  };
}
