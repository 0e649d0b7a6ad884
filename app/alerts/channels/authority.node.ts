import { readInput } from '../../core/read-input.node.ts';
import { ok, type Result } from '../../core/result.ts';

const LARGEST_CERTIFICATE = 1024 * 1024;

/** The certificate of a private authority, PEM, which is trusted instead of the public ones; undefined for those. */
export function readAuthority(file: string): Result<string | undefined> {
  if (file === '') return ok(undefined);
  const read = readInput(file, LARGEST_CERTIFICATE);
  return read.ok ? ok(read.value.toString()) : read;
}
