import { z } from '../core/zod.ts';
import { factIds, verdicts } from '../health/judge.ts';
import { xidOrigins } from '../health/xid.ts';
import { familyIds, familyOffs } from '../wear/exposure.ts';
import { markKinds } from '../wear/ledger/ledger.ts';
import { band } from './schemas.ts';

const family = z.object({
  confidence: z.enum(['medium', 'low']),
  observedHours: z.number(),
  rate: band,
  equivalentHours: band,
  sets: z.array(z.object({ name: z.string(), rate: z.number() })),
  withInferred: band.optional(),
});
const swings = z.array(z.object({ rangeK: z.number(), count: z.number() }));
const ends = z.object({ low: z.number(), high: z.number() });

export const exposure = z.object({
  modelVersion: z.string(),
  reference: z.string(),
  sinceMs: z.number().optional(),
  untilMs: z.number().optional(),
  observedHours: z.number(),
  coverage: z.number(),
  families: z.partialRecord(z.enum(familyIds), family),
  off: z.partialRecord(z.enum(familyIds), z.enum(familyOffs)),
  combined: z.object({ headline: z.number(), envelope: ends, band: ends }).optional(),
  cycles: swings,
  inferredCycles: swings,
  hoursByTemp: z.array(z.object({ tempC: z.number(), hours: z.number() })),
});

const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });
const span = z.object({ fromMs: z.number(), toMs: z.number(), windows: z.int(), days: z.int() });
const coolingTrend = z.object({
  level: z.enum(['ok', 'watch', 'act']),
  ratio: interval,
  baseline: span,
  recent: span,
  hotter: z.object({ powerW: z.number(), kelvins: interval }),
  weeks: z.array(
    z.object({
      fromMs: z.number(),
      toMs: z.number(),
      ratio: interval,
      resistance: interval,
      effectiveAirC: z.number().optional(),
      idleOffsetK: z.number().optional(),
    }),
  ),
  daysToSlowdown: ends.optional(),
});
export const mark = z.object({
  tsMs: z.number(),
  kind: z.enum(markKinds),
  text: z.string().max(200),
  removed: z.boolean().optional(),
});

/** Everything of the wear page: facts, trend, modelled exposure. */
export const cardPage = z.object({
  odometer: z.object({
    sinceMs: z.number().optional(),
    observedHours: z.number(),
    coverage: z.number(),
    energyJ: z.number().optional(),
    energyFrom: z.enum(['counter', 'power']).optional(),
    cycles: z.object({ small: z.number(), medium: z.number(), large: z.number() }),
    hoursAbove: z.object({ c70: z.number(), c80: z.number(), c90: z.number() }),
    throttledMs: z.object({
      powerCap: z.number(),
      swThermal: z.number(),
      hwThermal: z.number(),
      powerBrake: z.number(),
    }),
    events: z.int(),
  }),
  health: z.object({
    verdict: z.enum(verdicts),
    facts: z.array(
      z.object({
        id: z.enum(factIds),
        verdict: z.enum(verdicts),
        finding: z.string(),
        values: z.record(z.string(), z.number()),
        tsMs: z.number().optional(),
        source: z.string(),
      }),
    ),
    xids: z.array(
      z.object({
        tsMs: z.number(),
        code: z.int(),
        text: z.string(),
        origin: z.enum(xidOrigins),
        part: z.string(),
        immediate: z.string().optional(),
        dcgm: z.enum(['FAIL', 'WARN']).optional(),
        said: z.string().optional(),
        witness: z.string().optional(),
      }),
    ),
    nowMs: z.number(),
  }),
  cooling: z.union([
    z.object({ trend: coolingTrend }),
    z.object({
      missing: z.object({
        missing: z.enum(['load-windows', 'idle-windows', 'recent-windows']),
        found: z.number(),
        needed: z.number(),
      }),
    }),
  ]),
  sinceMark: mark.optional(),
  beforeAfter: interval.optional(),
  marks: z.array(mark),
  exposure: exposure.optional(),
  limitW: z.number().optional(),
  days: z.array(z.object({ dayMs: z.number(), hours: z.number(), silicon: band })),
  olderHours: z.number(),
  replaying: z.number().optional(),
});
