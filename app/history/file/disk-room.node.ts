import fs from 'node:fs';
import { text } from '../../core/i18n.ts';
import type { SourceFault } from '../../telemetry/source.ts';

const MIB = 2 ** 20;
/** Recording pauses below this: the database and other programs need space to finish what they began. */
const PAUSE_BYTES = 32 * MIB;
const RESUME_BYTES = 48 * MIB;

/**
 * Watches the free space of the disk that holds a folder. An almost full disk pauses recording. It never deletes history
 * early: a tighter limit still waits its day.
 */
export function watchDiskRoom(folder: string) {
  let fault: SourceFault | undefined;
  let freeMib: number | undefined;
  return {
    /** as last looked at; undefined: not yet */
    freeMib: (): number | undefined => freeMib,
    fault: (): SourceFault | undefined => fault,
    look(): void {
      const { bavail, bsize } = fs.statfsSync(folder);
      const free = bavail * bsize;
      freeMib = free / MIB;
      if (free >= (fault ? RESUME_BYTES : PAUSE_BYTES)) fault = undefined;
      else
        fault = {
          code: 'recording-failed',
          message: text('historyFile.paused', { folder, free: Math.floor(free / MIB) }),
          next: text('historyFile.pausedNext'),
        };
    },
  };
}
