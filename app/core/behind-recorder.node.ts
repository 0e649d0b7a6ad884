import os from 'node:os';

const NICE = 10;

/**
 * Gives the calling worker thread a lower priority than the recorder. Only Linux has priorities per thread. Elsewhere this
 * would slow the whole process including the recorder, so nothing is done.
 */
export function behindRecorder(): void {
  if (process.platform === 'linux') os.setPriority(NICE);
}
