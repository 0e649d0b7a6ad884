import { text } from '../core/i18n.ts';
import { isIdentifier } from '../core/identifier.ts';
import { valueOf } from '../metrics/frame.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Tick } from '../telemetry/sampler.ts';

/** Power limits that a card accepts, W, and the limit that it had when it was first seen. */
export type CardLimits = { readonly minW: number; readonly maxW: number; readonly ownW: number };

const noSuchGpu = () => err('not-found', text('governor.error.noSuchGpu'), text('governor.error.noSuchGpuNext'));
const limitsUnknown = () =>
  err('forbidden', text('governor.error.limitsUnknown'), text('governor.error.limitsUnknownNext'));

/** The GPUs that are being read now. No other GPU is ever controlled. */
export function createCards() {
  const cards = new Map<string, CardLimits | undefined>();
  const listed = (gpuUuid: string): Result<undefined> =>
    isIdentifier(gpuUuid) && cards.has(gpuUuid) ? ok(undefined) : noSuchGpu();
  return {
    /** Limits are read rarely, so a card may report them some ticks after its first. */
    meet({ gpus }: Tick): void {
      for (const { gpu, frame } of gpus) {
        if (cards.get(gpu.uuid)) continue;
        // the limit in force, which the user may have set below the card's default
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
      if (!card) return limitsUnknown();
      if (Number.isInteger(watts) && watts >= card.minW && watts <= card.maxW) return ok(undefined);
      return err('invalid-argument', text('governor.error.outOfRange', { least: card.minW, most: card.maxW }));
    },
  };
}
