import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { factIds, findings, verdicts } from './findings.ts';
import { xidOrigins, xidSubsystems } from './xid.ts';

/** One hard fact: what it says, on which numbers, and since when. health.source.<id> says where its rule comes from. */
export const fact = z.object({
  id: z.enum(factIds),
  verdict: z.enum(verdicts),
  /** key of its sentence, health.<finding>, which uses `values` */
  finding: z.enum(findings),
  values: z.record(z.string(), z.number()),
  /** when its evidence was seen: the time of an event, else when the card was last read */
  tsMs: z.number().optional(),
});
export type Fact = TypeOf<typeof fact>;

/** A code of NVIDIA's Xid catalogue. */
export const xid = z.object({
  code: z.int(),
  origin: z.enum(xidOrigins),
  subsystem: z.enum(xidSubsystems),
  /** the catalogue's immediate action */
  immediate: z.string().optional(),
  /** DCGM's health watch (NVIDIA/DCGM @72fa3fea): its "devastating" set, and what its subsystems warn about */
  dcgm: z.enum(['FAIL', 'WARN']).optional(),
});

export const xidSeen = xid.extend({ tsMs: z.number(), said: z.string().optional(), witness: z.string().optional() });
export type XidSeen = TypeOf<typeof xidSeen>;

export const healthReport = z.object({
  /** the worst of the facts; not-measurable only where no fact can be measured */
  verdict: z.enum(verdicts),
  facts: z.array(fact),
  xids: z.array(xidSeen),
  nowMs: z.number(),
});
export type HealthReport = TypeOf<typeof healthReport>;
