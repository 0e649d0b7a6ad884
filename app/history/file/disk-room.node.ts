import fs from 'node:fs';
import type { SourceFault } from '../../telemetry/source.ts';

const MIB = 2 ** 20;
/** Below this nothing is recorded: the database needs room to finish what it began, and so does everything else. */
const PAUSE_BYTES = 32 * MIB;
const RESUME_BYTES = 48 * MIB;

/**
 * Watches the room on the disk that holds a folder. A disk that is almost full pauses recording: limits of the history
 * that wait their day still wait, and nothing is deleted early to make room.
 */
export function watchDiskRoom(folder: string) {
  let fault: SourceFault | undefined;
  return {
    fault: (): SourceFault | undefined => fault,
    look(): void {
      const { bavail, bsize } = fs.statfsSync(folder);
      const free = bavail * bsize;
      if (free >= (fault ? RESUME_BYTES : PAUSE_BYTES)) fault = undefined;
      else
        fault = {
          code: 'recording-failed',
          message: `Recording is paused. The disk that holds ${folder} is almost full: ${Math.floor(free / MIB)} MiB are free.`,
          next: 'Free some space on it. Recording resumes automatically. No history was deleted to make room.',
        };
    },
  };
}
