import { afterburner } from './afterburner.ts';
import { gpuZ } from './gpu-z.ts';
import { hwinfo } from './hwinfo.ts';
import type { LogFormat } from './log.ts';
import { own } from './own.ts';
import { smiCsv, smiText, smiXml } from './smi.ts';

/** Logs that can be imported. The first that recognises a file's beginning reads it. */
const formats: readonly LogFormat[] = [own, smiXml, smiText, hwinfo, gpuZ, afterburner, smiCsv];

export const formatOf = (head: string): LogFormat | undefined => formats.find(({ recognises }) => recognises(head));

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/**
 * The encoding of a text file from its first bytes: the byte order mark, else where the zeros of ASCII characters
 * stand, else whether the bytes are UTF-8. What is none of these was written by a Windows program in its own code page.
 * @param isUtf8 whether bytes, which may end within a character, are UTF-8
 */
export function encodingOf(bytes: Uint8Array, isUtf8: (bytes: Uint8Array) => boolean): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const seen = bytes.subarray(0, 4096);
  const zeros = (parity: number): number => seen.filter((byte, at) => byte === 0 && at % 2 === parity).length;
  if (zeros(1) > seen.length / 4) return 'utf-16le';
  if (zeros(0) > seen.length / 4) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}
