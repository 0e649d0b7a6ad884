/** A longer string is content, not a figure. */
const KEPT = 256;
/** An answer that is larger than this without its content cannot be counted. */
const MOST_BYTES = 4 * 1024 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Takes JSON in pieces and empties its long strings, so that an image of megabytes in base64 uses no memory.
 * `text` is the JSON that remains; undefined if even that is too large.
 */
export function createSlimJson() {
  const kept: Uint8Array[] = [];
  let size = 0;
  let inString = false;
  /** of the current string: its parts while it is short, its length, and whether its last byte escapes the next */
  let parts: Uint8Array[] = [];
  let length = 0;
  let escaping = false;

  function keep(piece: Uint8Array): void {
    size += piece.length;
    if (size <= MOST_BYTES && piece.length > 0) kept.push(piece.slice()); // its buffer may be reused
  }

  function addToString(piece: Uint8Array): void {
    length += piece.length;
    if (length <= KEPT) parts.push(piece.slice());
    else parts = [];
  }

  /** Where the current string ends in `piece`, from `at` on; -1: not in this piece. */
  function endOfString(piece: Uint8Array, at: number): number {
    for (let from = at; ;) {
      const quote = piece.indexOf(QUOTE, from);
      const end = quote < 0 ? piece.length : quote;
      let backslashes = 0;
      while (end - 1 - backslashes >= from && piece[end - 1 - backslashes] === BACKSLASH) backslashes++;
      const odd = (backslashes + (backslashes === end - from && escaping ? 1 : 0)) % 2 === 1;
      escaping = false;
      if (quote < 0) {
        escaping = odd;
        return -1;
      }
      if (!odd) return quote;
      from = quote + 1;
    }
  }

  return {
    feed: (piece: Uint8Array): void => {
      let at = 0;
      while (at < piece.length) {
        if (!inString) {
          const quote = piece.indexOf(QUOTE, at);
          const next = quote < 0 ? piece.length : quote + 1;
          keep(piece.subarray(at, next));
          inString = quote >= 0;
          at = next;
          continue;
        }
        const end = endOfString(piece, at);
        addToString(piece.subarray(at, end < 0 ? piece.length : end));
        if (end < 0) return;
        parts.forEach(keep);
        keep(piece.subarray(end, end + 1));
        inString = false;
        parts = [];
        length = 0;
        at = end + 1;
      }
    },
    text: (): string | undefined => {
      if (size > MOST_BYTES) return undefined;
      const whole = new Uint8Array(size);
      let at = 0;
      for (const piece of kept) {
        whole.set(piece, at);
        at += piece.length;
      }
      return new TextDecoder().decode(whole);
    },
  };
}
