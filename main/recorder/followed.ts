import fs from 'node:fs';
import { app } from 'electron';
import type { FollowedRecorder } from '../../app/contract/followed-recorder.ts';
import type { Hello } from '../../app/recorder/socket/wire.ts';

const realPath = (folder: string): string => {
  try {
    return fs.realpathSync(folder);
  } catch {
    return folder; // of another user
  }
};

/** What the window shows about a recorder in another process. */
export const followed = (hello: Hello, ownFolder: string): FollowedRecorder => ({
  pid: hello.pid,
  version: hello.version,
  windowVersion: app.getVersion(),
  startedBy: hello.startedBy,
  scope: hello.scope,
  may: hello.may,
  sinceMs: hello.sinceMs,
  dataFolder: hello.dataFolder,
  ownFolder: realPath(hello.dataFolder) === realPath(ownFolder),
});
