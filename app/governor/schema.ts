import { gpuUuid, type TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { governorActions, limitKeys } from './policy.ts';

/** One thing the governor did or saw, in the order it happened. */
export const governorEntry = z.object({
  tsMs: z.number(),
  /** '' if it concerns all GPUs */
  gpuUuid: z.string(),
  what: z.enum(governorActions),
  why: z.string(),
  limitW: z.number().optional(),
  program: z.string().optional(),
  /** in the words of the driver or helper that refused */
  message: z.string().optional(),
});
export type GovernorEntry = TypeOf<typeof governorEntry>;

const limitNow = z.object({ gpuUuid, limitW: z.number() });

/** A power limit set by hand that reverts unless it is confirmed. */
const pendingLimit = limitNow.extend({ untilMs: z.number() });
export type PendingLimit = TypeOf<typeof pendingLimit>;

export const governorStatus = z.object({
  enabled: z.boolean(),
  held: z.array(z.object({ program: z.string(), why: z.enum(limitKeys), sinceMs: z.number() })),
  /** power limits in force now */
  powerLimits: z.array(limitNow.extend({ by: z.enum(['hand', 'governor']) })),
  pending: z.array(pendingLimit),
  log: z.array(governorEntry),
});
export type GovernorStatus = TypeOf<typeof governorStatus>;
