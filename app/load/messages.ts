import { z } from '../core/zod.ts';
import { stressTestEndings, stressTestPhases, stressTestShapes } from './schedule.ts';

/** Why the page cannot work. Each has a text: `main.stressTest.fault.ID`. */
export const stressTestFaults = ['no-device', 'device-lost', 'page-ended', 'error'] as const;

/** Messages of the page that does the work, one per line. */
export const stressTestReport = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('adapter'),
    /** as the browser names it; '' if it does not */
    name: z.string().max(200),
    software: z.boolean(),
  }),
  z.object({ type: z.literal('work'), gflop: z.number(), gbyte: z.number() }),
  z.object({
    type: z.literal('failed'),
    why: z.enum(stressTestFaults),
    /** what the browser says about it */
    detail: z.string().max(500).optional(),
  }),
]);
export type StressTestReport = z.infer<typeof stressTestReport>;

/**
 * Ways to a device that computes, in the order they are tried: the card through Vulkan alone, which needs nothing of the
 * display; the card beside the display's OpenGL, as browsers usually do; the processor.
 */
export const stressTestWays = ['vulkan', 'opengl', 'software'] as const;
export type StressTestWay = (typeof stressTestWays)[number];

/** Orders to the page: how hard to work, in which shape. */
export type StressTestOrder = { readonly shape: (typeof stressTestShapes)[number]; readonly load: number };

export const stressTestStatus = z.object({
  running: z.boolean(),
  phase: z.enum(stressTestPhases),
  shape: z.enum(stressTestShapes),
  elapsedMs: z.number(),
  load: z.number(),
  adapter: z.string().optional(),
  /** the processor does the work instead of a card, so no card is measured */
  software: z.boolean().optional(),
  gflop: z.number(),
  gbyte: z.number(),
  /** of that, what was done at full load, and how long that took */
  soak: z.object({ gflop: z.number(), gbyte: z.number(), ms: z.number() }),
  /** of the card while it worked; undefined: no card was observed doing it */
  energyJ: z.number().optional(),
  tempC: z.number().optional(),
  peakTempC: z.number().optional(),
  /** the card that worked instead of the one that was chosen */
  elsewhere: z.string().optional(),
  ending: z.enum(stressTestEndings).optional(),
  error: z.string().optional(),
});
export type StressTestStatus = z.infer<typeof stressTestStatus>;
