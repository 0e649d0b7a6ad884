/** Code pages of Windows that HWiNFO logs come in, where their text is not Unicode. Any other is read as windows-1252. */
const CODE_PAGES = ['gbk', 'big5', 'shift_jis', 'euc-kr'] as const;

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | (typeof CODE_PAGES)[number];

/** Words that nearly every log has (temperature, clock, power), in the scripts of those code pages. */
const WORDS = /温度|溫度|频率|頻率|功率|消費電力|クロック|온도/;

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true }); // it may end within a character
    return true;
  } catch {
    return false; // the decoder throws on invalid bytes
  }
}

function codePageOf(line: Uint8Array): Encoding {
  return CODE_PAGES.find((name) => WORDS.test(new TextDecoder(name).decode(line))) ?? 'windows-1252';
}

/**
 * The encoding of a text file from its first bytes: the byte order mark, else the position of the zeros of ASCII
 * characters, else whether the bytes are valid UTF-8. Anything else was written by a Windows program in its code page.
 * HWiNFO writes its header in UTF-8 and cells such as "Yes" in the code page of its Windows: there the header decides.
 */
export function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  const seen = bytes.subarray(0, 4096);
  const zeros = (parity: number): number => seen.filter((byte, at) => byte === 0 && at % 2 === parity).length;
  if (zeros(1) > seen.length / 4) return 'utf-16le';
  if (zeros(0) > seen.length / 4) return 'utf-16be';
  if (isUtf8(bytes)) return 'utf-8';
  const end = bytes.indexOf(0x0a);
  const first = end < 0 ? bytes : bytes.subarray(0, end);
  const hasOther = first.some((byte) => byte > 0x7f);
  return hasOther && isUtf8(first) ? 'utf-8' : codePageOf(first);
}

/** The text of a whole file, in whatever encoding: Windows PowerShell writes what a program prints as UTF-16. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder(encodingOf(bytes)).decode(bytes);
