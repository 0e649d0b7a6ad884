import { z } from '../core/zod.ts';
import { burnEndings, burnPhases, burnShapes } from './schedule.ts';

/** Messages of the page that does the work, one per line. */
export const burnReport = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('adapter'),
    /** as the browser names it */
    name: z.string().max(200),
    software: z.boolean(),
  }),
  z.object({ type: z.literal('work'), gflop: z.number(), gbyte: z.number() }),
  z.object({ type: z.literal('failed'), message: z.string().max(500) }),
]);
export type BurnReport = z.infer<typeof burnReport>;

/**
 * Ways to a device that computes, in the order they are tried: the card through Vulkan alone, which needs nothing of the
 * display; the card beside the display's OpenGL, as browsers usually do; the processor.
 */
export const burnWays = ['vulkan', 'opengl', 'software'] as const;
export type BurnWay = (typeof burnWays)[number];

/** Orders to the page: how hard to work, in which shape. */
export type BurnOrder = { readonly shape: (typeof burnShapes)[number]; readonly load: number };

export const burnStatus = z.object({
  running: z.boolean(),
  phase: z.enum(burnPhases),
  shape: z.enum(burnShapes),
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
  ending: z.enum(burnEndings).optional(),
  error: z.string().optional(),
});
export type BurnStatus = z.infer<typeof burnStatus>;
