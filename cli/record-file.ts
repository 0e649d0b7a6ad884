import fs from 'node:fs';
import { err, messageOf, ok, type AppError, type Result } from '../app/core/result.ts';
import { recordingHeader, recordingLine } from '../app/telemetry/replay/recording.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import type { SourceSpec } from '../app/telemetry/sources.ts';

export type RecordFile = {
  readonly write: (tick: Tick) => void;
  /** False when something could not be written. */
  readonly close: () => boolean;
};

const failure = (file: string, thrown: unknown) =>
  err('write-failed', `The recording ${file} cannot be written: ${messageOf(thrown)}.`, 'Name another file.');

const isSame = (one: string, other: string): boolean =>
  fs.existsSync(one) && fs.existsSync(other) && fs.realpathSync(one) === fs.realpathSync(other);

/**
 * Opens the file of `--record`. What is in it is replaced with the first tick, so that a start that fails loses nothing;
 * the recording that is being played is refused. When a write fails, `onFailure` is told
 * once and the rest is left out.
 */
export function openRecordFile(
  file: string,
  source: SourceSpec,
  onFailure: (error: AppError) => void,
): Result<RecordFile> {
  if (source.kind === 'replay' && isSame(file, source.file))
    return err('invalid-argument', `${file} is being played and would be overwritten.`, 'Name another file.');
  let open: number;
  try {
    const there = fs.statSync(file, { throwIfNoEntry: false });
    if (there?.isFIFO() || there?.isSocket()) {
      const message = `${file} is a pipe: recording would wait for whoever reads it.`;
      return err('invalid-argument', message, 'Name a file.');
    }
    open = fs.openSync(file, 'a');
  } catch (thrown) {
    return failure(file, thrown);
  }
  let begun = false;
  let failed = false;
  return ok({
    write(tick) {
      if (failed) return;
      try {
        if (!begun) {
          if (fs.fstatSync(open).isFile()) fs.ftruncateSync(open);
          const identities = tick.gpus.map(({ gpu }) => gpu);
          fs.writeSync(open, `${recordingHeader(identities, tick.source.driverVersion)}\n`);
          begun = true;
        }
        fs.writeSync(open, `${recordingLine({ tsMs: tick.tsMs, gpus: tick.gpus })}\n`);
      } catch (thrown) {
        failed = true;
        onFailure(failure(file, thrown).error);
      }
    },
    close() {
      fs.closeSync(open);
      return !failed;
    },
  });
}
