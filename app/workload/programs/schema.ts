import { z } from '../../core/zod.ts';
import type { Immutable } from '../../core/immutable.ts';
import { counterIds } from '../adapters/ids.ts';
import { workloadKinds } from './kinds.ts';

/** A user's own rule: a program whose command line or folder contains the text gets this name and kind. */
export const programRule = z.object({
  contains: z.string().min(1).max(200),
  name: z.string().min(1).max(80),
  kind: z.enum(workloadKinds),
  /** counters other than adapters were accepted before; they ask no server */
  adapter: z.enum(counterIds).optional(),
});
export type ProgramRule = Immutable<z.infer<typeof programRule>>;

/** The most rules that settings may hold. */
export const MOST_PROGRAM_RULES = 100;
