import { valueOf } from '../metrics/frame.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { sourceKindOf } from '../telemetry/source-kinds.ts';
import { trapezoidJ } from '../workload/energy/energy.ts';

/** What the card did during the stress test. Undefined: no card was observed doing it. */
export type CardFigures = {
  readonly tempC?: number;
  readonly peakTempC?: number;
  /** J during ramp and soak */
  readonly energyJ?: number;
  /** the card that worked instead of the one that was chosen: a page cannot choose among cards */
  readonly elsewhere?: string;
};

/** What a schedule is stepped with: the temperature of the card, and of the hottest, which may be another. */
export type Heat = { readonly tempC: number | undefined; readonly hottestC: number };

const BUSY_PCT = 50;
const REST_PCT = 15;
const ELSEWHERE_MS = 5_000;

/**
 * Watches the cards during a stress test. Simulated and replayed cards do no work, so they are ignored. Each reading is
 * handed out once, so that a stale one is not mistaken for a card that still responds.
 */
export function createStressTestCard(gpuUuid: string) {
  let figures: CardFigures = {};
  let fresh: Heat | undefined;
  let before: { readonly energyMj?: number; readonly powerW?: number } = {};
  let elsewhereMs = 0;

  function stepJ(now: typeof before, dtMs: number | undefined): number | undefined {
    if (now.energyMj !== undefined && before.energyMj !== undefined && now.energyMj >= before.energyMj)
      return (now.energyMj - before.energyMj) / 1000;
    if (now.powerW === undefined || before.powerW === undefined || dtMs === undefined) return undefined;
    return trapezoidJ(before.powerW, now.powerW, dtMs);
  }

  return {
    /** @param working in ramp or soak */
    feed({ gpus, dtMs, source }: Tick, working: boolean): void {
      if (sourceKindOf(source.kind).origin !== 'measured') return;
      const temps = gpus.flatMap(({ frame }) => valueOf(frame, 'coreTempC') ?? []);
      const chosen = gpus.find(({ gpu }) => gpu.uuid === gpuUuid)?.frame;
      const tempC = chosen && valueOf(chosen, 'coreTempC');
      if (tempC !== undefined) fresh = { tempC, hottestC: Math.max(...temps) };
      if (!chosen) return;
      const [energyMj, powerW] = [valueOf(chosen, 'energyMj'), valueOf(chosen, 'powerW')];
      const now = { ...(energyMj !== undefined && { energyMj }), ...(powerW !== undefined && { powerW }) };
      const joules = working ? stepJ(now, dtMs) : undefined;
      before = now;
      const util = valueOf(chosen, 'gpuUtilPct');
      const busy = gpus.find(({ frame }) => (valueOf(frame, 'gpuUtilPct') ?? 0) >= BUSY_PCT);
      const wrong = working && util !== undefined && util < REST_PCT && busy !== undefined;
      elsewhereMs = wrong ? elsewhereMs + (dtMs ?? 0) : 0;
      figures = {
        ...figures,
        ...(tempC !== undefined && { tempC, peakTempC: Math.max(figures.peakTempC ?? tempC, tempC) }),
        ...(joules !== undefined && { energyJ: (figures.energyJ ?? 0) + joules }),
        ...(elsewhereMs >= ELSEWHERE_MS && busy && { elsewhere: busy.gpu.name }),
      };
    },
    /** The newest heat, once; undefined: nothing came since it was last taken. */
    take(): Heat | undefined {
      const heat = fresh;
      fresh = undefined;
      return heat;
    },
    /** Energy of a card that did not do the work is not reported. */
    figures: (): CardFigures => (figures.elsewhere === undefined ? figures : { ...figures, energyJ: undefined }),
  };
}
