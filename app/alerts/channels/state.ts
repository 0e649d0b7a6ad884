import { appError, type TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { alertChannelIds } from './channels.ts';

/** Where a secret lies: the recorder's own file, or what systemd gave the service. */
export const secretPlaces = ['file', 'credential'] as const;
export type SecretPlace = (typeof secretPlaces)[number];

/** A channel as the page sees it: whether secrets are set, never what they are. Times are ms since 1970. */
export const channelState = z.object({
  id: z.enum(alertChannelIds),
  /** where each secret lies; null: it is not set */
  secrets: z.record(z.string(), z.enum(secretPlaces).nullable()),
  /** fields and secrets that it needs and that are not set */
  missing: z.array(z.string()),
  waiting: z.int(),
  /** messages that were given up since the recorder started */
  dropped: z.int(),
  /** when a receiver last confirmed a message; null: never, or not for a month */
  deliveredMs: z.number().nullable(),
  /** why the newest attempt failed, when, and when it is tried again, as far as that is known; null: it worked, or there was none */
  fault: appError.extend({ tsMs: z.number().nullable(), retryMs: z.number().nullable() }).nullable(),
});
export type ChannelState = TypeOf<typeof channelState>;
