import { isIdentifier } from '../core/identifier.ts';
import { valueOf } from '../metrics/frame.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Tick } from '../telemetry/sampler.ts';

/** The watts between which a card accepts a limit, and the limit that it had when it was first seen. */
export type CardLimits = { readonly minW: number; readonly maxW: number; readonly ownW: number };

const NO_SUCH_GPU = err('not-found', 'No GPU with this identifier is being read.', 'Choose one of the listed GPUs.');
const LIMITS_UNKNOWN = err(
  'forbidden',
  'This GPU does not report which power limits it accepts, so none is set.',
  'Use a source that reads them, such as NVML.',
);

/** The GPUs that are being read now: no other is ever controlled. */
export function createCards() {
  const cards = new Map<string, CardLimits | undefined>();
  const listed = (gpuUuid: string): Result<undefined> =>
    isIdentifier(gpuUuid) && cards.has(gpuUuid) ? ok(undefined) : NO_SUCH_GPU;
  return {
    /** Limits are read rarely, so a card may tell them some ticks after its first. */
    meet({ gpus }: Tick): void {
      for (const { gpu, frame } of gpus) {
        if (cards.get(gpu.uuid)) continue;
        // as a person left it, which may be below the card's default
        const ownW = valueOf(frame, 'powerLimitW') ?? valueOf(frame, 'powerDefaultLimitW');
        const [minW, maxW] = [valueOf(frame, 'powerMinLimitW'), valueOf(frame, 'powerMaxLimitW')];
        const known = ownW !== undefined && minW !== undefined && maxW !== undefined;
        cards.set(gpu.uuid, known ? { minW: Math.ceil(minW), maxW: Math.floor(maxW), ownW } : undefined);
      }
    },
    /** Undefined: the card does not report them, so none is set. */
    limitsOf: (gpuUuid: string): CardLimits | undefined => cards.get(gpuUuid),
    listed,
    /** May this limit be set on this card? */
    accepts(gpuUuid: string, watts: number): Result<undefined> {
      const known = listed(gpuUuid);
      if (!known.ok) return known;
      const card = cards.get(gpuUuid);
      if (!card) return LIMITS_UNKNOWN;
      if (Number.isInteger(watts) && watts >= card.minW && watts <= card.maxW) return ok(undefined);
      return err('invalid-argument', `This GPU accepts power limits from ${card.minW} to ${card.maxW} W.`);
    },
  };
}
