export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true }); // it may end within a character
    return true;
  } catch {
    return false; // the decoder throws on invalid bytes
  }
}

/**
 * The encoding of a text file from its first bytes: the byte order mark, else the position of the zeros of ASCII
 * characters, else whether the bytes are valid UTF-8. Anything else was written by a Windows program in its code page.
 */
export function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const seen = bytes.subarray(0, 4096);
  const zeros = (parity: number): number => seen.filter((byte, at) => byte === 0 && at % 2 === parity).length;
  if (zeros(1) > seen.length / 4) return 'utf-16le';
  if (zeros(0) > seen.length / 4) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

/** The text of a whole file, in whatever encoding: Windows PowerShell writes what a program prints as UTF-16. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder(encodingOf(bytes)).decode(bytes);
