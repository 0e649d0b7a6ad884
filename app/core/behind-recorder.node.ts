import os from 'node:os';

const NICE = 10;

/**
 * Puts the calling worker thread behind the recorder: Linux gives each thread a priority of its own. Elsewhere it would be
 * the whole process', the recorder's too, so nothing is done.
 */
export function behindRecorder(): void {
  if (process.platform === 'linux') os.setPriority(NICE);
}
