import { openLibrary } from '../telemetry/native-library.node.ts';

/**
 * Gives freed memory back to the system. glibc keeps it for itself wherever something small behind it is still in use:
 * after an hour was sealed that was 30 MB, for as long as the recorder ran (malloc_trim(3)). Other allocators need no
 * reminding: there it does nothing.
 */
export function createMemoryTrim(): () => void {
  if (process.platform !== 'linux') return () => undefined;
  try {
    const trim = openLibrary('libc.so.6').bind('malloc_trim', ['ulonglong']);
    return () => void trim?.(0n);
  } catch {
    return () => undefined; // another C library
  }
}
