import fs from 'node:fs';
import { explain } from '../history/file/explain.ts';
import { describeLoss, type Loss } from '../history/file/presence.node.ts';
import { err, type AppError, type Result } from '../core/result.ts';
import type { FolderLock } from './folder-lock.node.ts';
import type { HistoryWork, WorkOptions } from './history-work.node.ts';

/** Something a person should read although recording continues. */
export type Notice = { readonly message: string; readonly next: string };

export type KeeperOptions = {
  readonly lock: FolderLock;
  readonly databaseFile: string;
  readonly work: () => HistoryWork;
  /** Opens what is there now, or begins a new history. Answers where a damaged file was moved to. */
  readonly reopen: (resumed: WorkOptions['resumed']) => Promise<Result<string | undefined>>;
  readonly onNotice: (notice: Notice) => void;
  readonly monoMs: () => number;
};

type Lost = { readonly why: string; readonly loss: Loss | undefined; readonly existed: boolean };

const RETRY_MS = 5_000;

const stamp = (tsMs: number): string => new Date(tsMs).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');

/** What recording does now, and what is missing. */
function whatNow({ loss, existed }: Lost, safeMs: number, setAside: string | undefined): string {
  if (loss === 'log-lost') return 'Everything recorded so far was saved, and recording continues.';
  if (setAside !== undefined)
    return `The file that is there now is damaged and was kept as ${setAside}. Recording continues in a new file.`;
  return existed
    ? `Recording continues in the file that is there now. Samples recorded since ${stamp(safeMs)} may be missing.`
    : `Recording continues in a new file. Samples from before ${stamp(safeMs)} are not in it.`;
}

/**
 * Sees to it that what is recorded has a name on the disk. When the file was deleted, moved or replaced, it is closed and
 * opened again by its name; until that succeeds, recording is paused with the reason.
 */
export function createFileKeeper({ lock, databaseFile, work, reopen, onNotice, monoMs }: KeeperOptions) {
  let safeMs = work().recording.lastTickMs(); // stamp of the newest tick that has surely a name on the disk
  let lost: Lost | undefined;
  let paused: AppError | undefined;
  let retryAtMs = 0;
  let opening: Promise<void> | undefined;
  let untouchedMs: number | undefined; // the newest stamp when the file was opened again, to see whether one came

  function pause(why: AppError): void {
    paused = why;
    work().recording.pause(why);
  }

  /** Closes the file that has lost its name: what it holds is complete, and its log is out of the way. */
  function leave(why: string, loss?: Loss): void {
    lost = { why, loss, existed: fs.existsSync(databaseFile) };
    pause({ code: 'database-unusable', message: why });
    work().close();
  }

  async function open(from: Lost): Promise<void> {
    try {
      const renewed = lock.renew();
      const opened = renewed.ok ? await reopen({ reason: 'history-lost', fromMs: safeMs }) : renewed;
      if (opened.ok) {
        [lost, paused] = [undefined, undefined];
        untouchedMs = work().recording.lastTickMs();
        onNotice({ message: from.why, next: whatNow(from, safeMs, opened.value) });
        return;
      }
      pause(opened.error);
    } catch (thrown) {
      pause(explain(databaseFile, thrown).error);
    }
    retryAtMs = monoMs() + RETRY_MS;
  }

  function look(): void {
    if (opening) return;
    if (!lost) {
      const loss = work().loss();
      const renewed = loss ? undefined : lock.renew();
      if (loss) leave(describeLoss(databaseFile, loss), loss);
      else if (renewed?.ok === false) leave(renewed.error.message);
      else safeMs = work().recording.lastTickMs();
    }
    if (lost && monoMs() >= retryAtMs) opening = open(lost).finally(() => (opening = undefined));
  }

  return {
    look,
    /** why recording is paused, where the file is closed */
    pausedBy: () => paused,
    /** Closes the history. An error says what is not in it. */
    async end(): Promise<Result<undefined>> {
      await opening;
      const ended = work().recording.end();
      const loss = lost ? undefined : work().loss();
      if (!lost) work().close();
      const untouched = untouchedMs !== undefined && work().recording.lastTickMs() === untouchedMs;
      if (!lost && !untouched && (loss === undefined || loss === 'log-lost')) return ended;
      const why = loss ? describeLoss(databaseFile, loss) : (paused?.message ?? 'The history was lost.');
      return err('write-failed', why, `What was recorded since ${stamp(safeMs)} is not in ${databaseFile}.`);
    },
  };
}
