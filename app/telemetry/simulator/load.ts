import { between, type Random } from './random.ts';

/** What a generation workload asks of the card at one moment; all shares are 0–1. */
export type Demand = {
  /** share of the power between idle and the limit that it would draw without throttling; may exceed 1 */
  readonly power: number;
  readonly compute: number;
  readonly memory: number;
  readonly vram: number;
};

export type LoadShape = 'idle' | 'diffusion' | 'autoregressive';
export type Load = { readonly shape: () => LoadShape; readonly at: (seconds: number) => Demand };

const IDLE: Demand = { power: 0, compute: 0, memory: 0.01, vram: 0.04 };

/**
 * The jobs of a day. *Diffusion* jobs are long, constant and limited by compute, with a short pause between images.
 * *Autoregressive* jobs come in bursts and are limited by memory. Between jobs the card idles. All durations are random.
 * Call `at` with times that never decrease.
 */
export function createLoad(random: Random): Load {
  let shape: LoadShape = 'idle';
  let untilS = between(random, 4, 12); // the first job starts soon, so that users see something
  let burstUntilS = 0;
  let bursting = false;

  function nextPhase(nowS: number): void {
    const pick = random();
    shape = shape !== 'idle' && pick < 0.5 ? 'idle' : pick < 0.7 ? 'diffusion' : 'autoregressive';
    const minutes = shape === 'idle' ? between(random, 1, 5) : between(random, 3, 12);
    untilS = nowS + minutes * 60;
    burstUntilS = nowS;
  }

  function at(nowS: number): Demand {
    while (nowS >= untilS) nextPhase(untilS);
    if (shape === 'idle') return IDLE;
    while (nowS >= burstUntilS) {
      bursting = !bursting;
      const lengthS =
        shape === 'diffusion'
          ? bursting
            ? between(random, 6, 14)
            : between(random, 0.4, 1.2)
          : bursting
            ? between(random, 2, 8)
            : between(random, 0.5, 4);
      burstUntilS += lengthS;
    }
    if (shape === 'diffusion') {
      return bursting
        ? { power: 1.08, compute: 0.99, memory: 0.55, vram: 0.62 }
        : { power: 0.35, compute: 0.3, memory: 0.2, vram: 0.62 };
    }
    return bursting
      ? { power: 0.62, compute: 0.95, memory: 0.93, vram: 0.84 }
      : { power: 0.12, compute: 0.04, memory: 0.03, vram: 0.84 };
  }

  return { shape: () => shape, at };
}
