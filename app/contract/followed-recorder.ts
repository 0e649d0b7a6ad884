import { recorderKinds } from '../core/recorder-kinds.ts';
import { z } from '../core/zod.ts';

/** A recorder that ends may be restarted by its service manager. After this time without one, the window records itself. */
export const WINDOW_RECORDS_AFTER_MS = 10_000;

/** A recorder in another process that the window follows: it continues when the window closes. */
export const followedRecorder = z.object({
  pid: z.int(),
  version: z.string(),
  windowVersion: z.string(),
  startedBy: z.enum(recorderKinds),
  /** system: the machine's recorder, which belongs to the administrator */
  scope: z.enum(['user', 'system']),
  /** read: what changes something is refused */
  may: z.enum(['read', 'control']),
  sinceMs: z.number(),
  dataFolder: z.string(),
  /** the settings that this window changes are those of the recorder */
  ownFolder: z.boolean(),
  /** time between samples now, ms; undefined: not known yet */
  intervalMs: z.number().optional(),
});
export type FollowedRecorder = z.infer<typeof followedRecorder>;
