import type { Result } from '../core/result.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { sourceKindOf } from '../telemetry/source-kinds.ts';
import type { Program } from '../workload/programs/programs.ts';
import { createByHand } from './by-hand.ts';
import { createCards } from './cards.ts';
import { createHeldPrograms, type Progress } from './held-programs.node.ts';
import type { LimitHelper } from './limit-helper.node.ts';
import { BLIND_MS, newCard, planTick, type CardState, type GovernorStep } from './plan.ts';
import { createPolicy } from './policy.ts';
import type { GovernorEntry, GovernorStatus } from './schema.ts';
import type { GovernorSettings } from './settings.ts';

export type GovernorOptions = {
  readonly settings: GovernorSettings;
  /** called when the helper is needed for the first time */
  readonly openHelper: (onLost: (undone: boolean) => void) => LimitHelper;
  readonly programs: () => readonly Program[];
  /** program status: outputs so far and jobs in progress */
  readonly progress: (key: string) => Progress | undefined;
  readonly stressTodayHours: (gpuUuid: string, tsMs: number) => number | undefined;
  /** each governor action, as it happens */
  readonly onAction: (entry: GovernorEntry) => void;
  readonly wallMs: () => number;
  readonly monoMs: () => number;
};

const LOG_KEPT = 200;
const WATCH_MS = 1_250;
/** After a refused power limit no other one is tried for this long. */
const REFUSED_MS = 600_000;

/** Applies what the policies of the cards decide. Feed it each tick; close it at the end. */
export function createGovernor(options: GovernorOptions) {
  const { wallMs, monoMs } = options;
  let { settings } = options;
  let helper: LimitHelper | undefined;
  let lastTickMs = monoMs();
  let busy: Promise<void> | undefined;
  /** the settings changed: undo and plan again at the next tick */
  let settingsChanged = false;
  const known = createCards();
  const cards = new Map<string, CardState>();
  const log: GovernorEntry[] = [];

  const note = (action: Omit<GovernorEntry, 'tsMs'>): void => {
    const entry = { tsMs: wallMs(), ...action };
    log.push(entry);
    if (log.length > LOG_KEPT) log.shift();
    options.onAction(entry);
  };
  const withHelper = (): LimitHelper =>
    (helper ??= options.openHelper((undone) => {
      forget();
      note({ gpuUuid: '', what: undone ? 'undone' : 'left', why: 'helper-lost' });
    }));
  const held = createHeldPrograms({ helper: withHelper, progress: options.progress, note, wallMs, monoMs });

  function cardOf(gpuUuid: string): CardState {
    const card = cards.get(gpuUuid) ?? newCard(createPolicy(settings.governor, settings));
    cards.set(gpuUuid, card);
    return card;
  }
  const forgetLimit = (gpuUuid: string): void => {
    const card = cards.get(gpuUuid);
    if (card) card.limitW = undefined;
  };
  const byHand = createByHand({
    setLimit: async (gpuUuid, watts) => {
      forgetLimit(gpuUuid); // a manual limit takes precedence until released; then the governor sets its own again
      return withHelper().setLimit(gpuUuid, watts);
    },
    restoreLimit: async (gpuUuid) => {
      forgetLimit(gpuUuid);
      return withHelper().restoreLimit(gpuUuid);
    },
    wallMs,
  });

  /** Everything was undone: all cards have their own limits and all programs run. */
  function forget(): void {
    held.forget();
    byHand.forget();
    for (const card of cards.values()) {
      card.limitW = undefined;
      card.policy.reset();
    }
  }

  const limited = (): [string, number][] =>
    [...cards].flatMap(([gpuUuid, { limitW }]) => (limitW === undefined ? [] : [[gpuUuid, limitW]]));

  /** Undoes everything, manual limits included. */
  async function undoAll(why: string): Promise<void> {
    const any = held.held().length > 0 || limited().length > 0 || byHand.any();
    forget();
    if (!helper || !any) return;
    const done = await helper.undo();
    note({ gpuUuid: '', what: done.ok ? 'undone' : 'left', why, ...(!done.ok && { message: done.error.message }) });
  }

  /** Undoes the governor's own actions; manual limits stay. */
  async function undoOwn(why: string): Promise<void> {
    for (const card of cards.values()) card.retryMs = -Infinity;
    for (const key of held.keys()) await held.resume(key, '');
    for (const [gpuUuid] of limited()) await setLimit(gpuUuid, undefined, why);
    // a limit that could not be restored is remembered, so that it is tried again
    for (const [gpuUuid, { limitW, retryMs, seenMs }] of [...cards])
      cards.set(gpuUuid, { ...newCard(createPolicy(settings.governor, settings)), limitW, retryMs, seenMs });
  }

  async function setLimit(gpuUuid: string, limitW: number | undefined, why: string): Promise<void> {
    const card = cardOf(gpuUuid);
    if (limitW === card.limitW || byHand.has(gpuUuid) || monoMs() < card.retryMs) return;
    const done = await (limitW === undefined
      ? withHelper().restoreLimit(gpuUuid)
      : withHelper().setLimit(gpuUuid, limitW));
    if (!done.ok) {
      card.retryMs = monoMs() + REFUSED_MS;
      return note({ gpuUuid, what: limitW === undefined ? 'left' : 'refused', why, message: done.error.message });
    }
    card.limitW = limitW;
    note({
      gpuUuid,
      what: limitW === undefined ? 'released' : 'limited',
      why,
      ...(limitW !== undefined && { limitW }),
    });
  }

  async function apply(step: GovernorStep): Promise<void> {
    switch (step.kind) {
      case 'report':
        return note({ gpuUuid: step.gpuUuid, what: 'passed', why: step.why });
      case 'limit':
        return setLimit(step.gpuUuid, step.limitW, step.why);
      case 'hold':
        return held.hold(step.program, step.gpuUuid, step.why);
      case 'resume':
        return held.resume(step.key, step.gpuUuid);
    }
  }

  async function govern(tick: Tick): Promise<void> {
    const steps = planTick({
      tick,
      nowMs: monoMs(),
      cardOf,
      cards,
      limitsOf: known.limitsOf,
      stressHours: options.stressTodayHours,
      programs: options.programs(),
      pausing: held.keys(),
    });
    for (const step of steps) await apply(step);
  }

  /** Skips a turn while the one before is still being applied: the next tick plans again. */
  const inTurn = (work: () => Promise<void>): void => {
    if (busy) return;
    busy = work().finally(() => (busy = undefined));
  };

  /** Postponed by each tick, so that it causes no wake-up while ticks come once a second. */
  const watchdog = setInterval(() => {
    if (monoMs() - lastTickMs > BLIND_MS) inTurn(() => undoAll('telemetry-lost'));
  }, WATCH_MS);
  watchdog.unref();

  return {
    feed(tick: Tick): void {
      if (tick.fault) return; // counts as silence
      lastTickMs = monoMs();
      watchdog.refresh();
      if (sourceKindOf(tick.source.kind).origin !== 'measured') return;
      known.meet(tick);
      inTurn(async () => {
        if (settingsChanged) {
          settingsChanged = false;
          await undoOwn('settings');
        }
        if (settings.governor.enabled) await govern(tick);
      });
    },
    applySettings(next: GovernorSettings): void {
      const relevant = ({ governor, tariff, pricePerKwh }: GovernorSettings) =>
        JSON.stringify([governor, tariff, pricePerKwh]);
      settingsChanged ||= relevant(next) !== relevant(settings) || next.market !== settings.market;
      settings = next;
    },
    async tryLimit(gpuUuid: string, limitW: number): Promise<Result<undefined>> {
      const accepted = known.accepts(gpuUuid, limitW);
      return accepted.ok ? byHand.try(gpuUuid, limitW) : accepted;
    },
    confirmLimit: byHand.confirm,
    async restoreLimit(gpuUuid: string): Promise<Result<undefined>> {
      const listed = known.listed(gpuUuid);
      return listed.ok ? byHand.release(gpuUuid) : listed;
    },
    status: (): GovernorStatus => ({
      enabled: settings.governor.enabled,
      held: held.held(),
      powerLimits: [
        ...byHand.kept().map((limit) => ({ ...limit, by: 'hand' as const })),
        ...limited().map(([gpuUuid, limitW]) => ({ gpuUuid, limitW, by: 'governor' as const })),
      ],
      pending: byHand.pending(),
      log,
    }),
    /** A recorder before this one was killed and left a power limit that it had changed. */
    foundLeft: (): void => note({ gpuUuid: '', what: 'left', why: 'killed' }),
    async close(): Promise<void> {
      clearInterval(watchdog);
      await busy;
      await helper?.close();
    },
  };
}
