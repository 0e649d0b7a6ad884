import fs from 'node:fs';
import { text } from '../app/core/i18n.ts';
import { err, messageOf, ok, type AppError, type Result } from '../app/core/result.ts';
import { recordingHeader, recordingLine } from '../app/telemetry/replay/recording.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import type { SourceSpec } from '../app/telemetry/sources.ts';

export type RecordFile = {
  readonly write: (tick: Tick) => void;
  /** @returns false if a write failed */
  readonly close: () => boolean;
};

const failure = (file: string, thrown: unknown) =>
  err('write-failed', text('cli.recordFile.failed', { file, why: messageOf(thrown) }), text('cli.recordFile.another'));

const isSame = (one: string, other: string): boolean =>
  fs.existsSync(one) && fs.existsSync(other) && fs.realpathSync(one) === fs.realpathSync(other);

/**
 * Opens the file of `--record`. Its content is replaced at the first tick, so that a failed start loses nothing. The
 * recording that is being played is refused.
 * @param onFailure called once when a write fails; nothing more is written then
 */
export function openRecordFile(
  file: string,
  source: SourceSpec,
  onFailure: (error: AppError) => void,
): Result<RecordFile> {
  if (source.kind === 'replay' && isSame(file, source.file))
    return err('invalid-argument', text('cli.recordFile.playing', { file }), text('cli.recordFile.another'));
  let open: number;
  try {
    const there = fs.statSync(file, { throwIfNoEntry: false });
    if (there?.isFIFO() || there?.isSocket()) {
      return err('invalid-argument', text('cli.recordFile.pipe', { file }), text('cli.recordFile.nameFile'));
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
