import { valueOf } from '../metrics/frame.ts';
import type { Result } from '../core/result.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { Program } from '../workload/programs/programs.ts';
import { createByHand, type Pending } from './by-hand.ts';
import type { GovernorSettings } from './settings.ts';
import { createCards } from './cards.ts';
import { holdable, type NotHeld } from './holdable.node.ts';
import type { LimitHelper, ProcessId } from './limit-helper.node.ts';
import { createPolicy, limitKeys, type GovernorEntry, type LimitKey } from './policy.ts';

export type GovernorStatus = {
  readonly enabled: boolean;
  readonly held: readonly { readonly program: string; readonly why: LimitKey; readonly sinceMs: number }[];
  readonly caps: readonly { readonly gpuUuid: string; readonly capW: number; readonly by: 'hand' | 'governor' }[];
  readonly pending: readonly Pending[];
  readonly log: readonly GovernorEntry[];
};

export type GovernorOptions = {
  readonly settings: GovernorSettings;
  /** opened when something is to be done for the first time */
  readonly openHelper: (onLost: (undone: boolean) => void) => LimitHelper;
  readonly programs: () => readonly Program[];
  /** outputs made so far and jobs in work, by the program's own account */
  readonly progress: (key: string) => { readonly running?: number; readonly made?: number } | undefined;
  readonly stressTodayHours: (gpuUuid: string, tsMs: number) => number | undefined;
  /** each deed, as it happens */
  readonly onDeed: (entry: GovernorEntry) => void;
  readonly wallMs: () => number;
  readonly monoMs: () => number;
};

const LOG_KEPT = 200;
/** Outputs that nobody reports are waited for this long; then work is held where it stands. */
const BETWEEN_MS = 120_000;
/** Telemetry that is silent for this long is lost: nothing is governed blindly. */
const BLIND_MS = 10_000;

type Held = {
  readonly key: string;
  readonly program: string;
  readonly why: LimitKey;
  readonly sinceMs: number;
  readonly processes: readonly ProcessId[];
};
type Asked = { readonly why: LimitKey; readonly sinceMs: number; readonly made: number | undefined };

/** A program that may not be held is asked about again after this: its terminal or its state may change. */
const HOLD_AGAIN_MS = 60_000;

/** Carries out what the policies of the cards decide. Feed it each tick; close it at the end. */
export function createGovernor(options: GovernorOptions) {
  const { programs, progress, wallMs, monoMs } = options;
  let { settings } = options;
  let helper: LimitHelper | undefined;
  let lastTickMs = monoMs();
  let busy: Promise<void> | undefined;
  /** the limits were changed: begin anew with the next tick */
  let anew = false;
  const policies = new Map<string, ReturnType<typeof createPolicy>>();
  const cards = createCards();
  const caps = new Map<string, number>();
  const refused = new Map<string, number>();
  const held = new Map<string, Held>();
  const asked = new Map<string, Asked>();
  const notHeld = new Map<string, { readonly why: NotHeld; readonly againMs: number }>();
  const told = new Map<string, Set<LimitKey>>();
  const seenMs = new Map<string, number>();
  const log: GovernorEntry[] = [];

  const note = (deed: Omit<GovernorEntry, 'tsMs'>): void => {
    const entry = { tsMs: wallMs(), ...deed };
    log.push(entry);
    if (log.length > LOG_KEPT) log.shift();
    options.onDeed(entry);
  };
  const withHelper = (): LimitHelper =>
    (helper ??= options.openHelper((undone) => {
      forget();
      note({ gpuUuid: '', what: undone ? 'undone' : 'left', why: 'helper-lost' });
    }));
  const byHand = createByHand({
    setCap: async (gpuUuid, watts) => {
      caps.delete(gpuUuid); // what a person sets goes before; when they let go of it, the governor sets its own anew
      return withHelper().setLimit(gpuUuid, watts);
    },
    releaseCap: async (gpuUuid) => {
      caps.delete(gpuUuid);
      return withHelper().restoreLimit(gpuUuid);
    },
    wallMs,
  });

  function forget(): void {
    held.clear();
    asked.clear();
    notHeld.clear();
    caps.clear();
    byHand.forget();
    policies.forEach((policy) => policy.reset());
  }

  /** Undoes everything, a person's own cap among it. */
  async function undoAll(why: string): Promise<void> {
    const any = held.size > 0 || caps.size > 0 || byHand.any();
    forget();
    if (!helper || !any) return;
    const done = await helper.undo();
    note({ gpuUuid: '', what: done.ok ? 'undone' : 'left', why, ...(!done.ok && { message: done.error.message }) });
  }

  /** Undoes what it did itself; a cap set by hand stays. */
  async function undoOwn(why: string): Promise<void> {
    policies.clear();
    told.clear();
    refused.clear();
    for (const key of [...held.keys(), ...asked.keys()]) await letGo(key, '');
    for (const gpuUuid of [...caps.keys()]) await applyCap(gpuUuid, undefined, why);
  }

  async function applyCap(gpuUuid: string, capW: number | undefined, why: string): Promise<void> {
    if (capW === caps.get(gpuUuid) || byHand.has(gpuUuid)) return;
    if (monoMs() < (refused.get(gpuUuid) ?? 0)) return;
    const done = await (capW === undefined ? withHelper().restoreLimit(gpuUuid) : withHelper().setLimit(gpuUuid, capW));
    if (!done.ok) {
      refused.set(gpuUuid, monoMs() + 600_000);
      return note({ gpuUuid, what: capW === undefined ? 'left' : 'refused', why, message: done.error.message });
    }
    if (capW === undefined) caps.delete(gpuUuid);
    else caps.set(gpuUuid, capW);
    note({ gpuUuid, what: capW === undefined ? 'released' : 'capped', why, ...(capW !== undefined && { capW }) });
  }

  /** Is this the moment between two outputs? By the program's own account where it gives one, else by the idle card. */
  function between(program: Program, request: Asked): boolean {
    const now = progress(program.key);
    if (now?.running === 0 || (now?.made !== undefined && request.made !== undefined && now.made > request.made))
      return true;
    return (now?.running === undefined && !program.loads) || monoMs() - request.sinceMs > BETWEEN_MS;
  }

  async function hold(program: Program, gpuUuid: string, why: LimitKey): Promise<void> {
    if (held.has(program.key) || monoMs() < (notHeld.get(program.key)?.againMs ?? 0)) return;
    const request = asked.get(program.key) ?? { why, sinceMs: monoMs(), made: progress(program.key)?.made };
    asked.set(program.key, request);
    if (!between(program, request)) return;
    const looks = program.pids.map(holdable).filter((look) => look !== 'ended');
    const processes = looks.filter((look) => typeof look !== 'string');
    const refusal = looks.find((look) => typeof look === 'string');
    if (refusal) return refuseHold(program, gpuUuid, refusal);
    if (processes.length === 0) return; // it is gone: the next tick says so
    const done = await withHelper().hold(processes);
    if (!done.ok) return refuseHold(program, gpuUuid, 'helper', done.error.message);
    if (done.value !== 'held') return refuseHold(program, gpuUuid, done.value);
    asked.delete(program.key);
    notHeld.delete(program.key);
    held.set(program.key, { key: program.key, program: program.name, why, sinceMs: wallMs(), processes });
    note({ gpuUuid, what: 'held', why, program: program.name });
  }

  /** A program that must not be held is left alone as a whole, and the person is told why, once. */
  function refuseHold(program: Program, gpuUuid: string, why: NotHeld, message?: string): void {
    const before = notHeld.get(program.key)?.why;
    notHeld.set(program.key, { why, againMs: monoMs() + HOLD_AGAIN_MS });
    if (why === 'ended' || why === before) return;
    note({ gpuUuid, what: 'not-held', why, program: program.name, ...(message !== undefined && { message }) });
  }

  async function letGo(key: string, gpuUuid: string): Promise<void> {
    asked.delete(key);
    notHeld.delete(key);
    const entry = held.get(key);
    if (!entry) return;
    held.delete(key);
    await withHelper().resume(entry.processes);
    note({ gpuUuid, what: 'let-go', why: entry.why, program: entry.program });
  }

  async function act(tick: Tick): Promise<void> {
    const wanted = new Map<string, { why: LimitKey; gpuUuid: string }>();
    for (const { gpu, frame } of tick.gpus) {
      if (valueOf(frame, 'coreTempC') !== undefined || valueOf(frame, 'powerW') !== undefined)
        seenMs.set(gpu.uuid, monoMs());
      const policy = policies.get(gpu.uuid) ?? createPolicy(settings.governor, settings);
      policies.set(gpu.uuid, policy);
      const decision = policy.decide({
        tsMs: tick.tsMs,
        tMs: monoMs(),
        tempC: valueOf(frame, 'coreTempC'),
        powerW: valueOf(frame, 'powerW'),
        stressHours: options.stressTodayHours(gpu.uuid, tick.tsMs),
        capRange: cards.limitsOf(gpu.uuid),
      });
      tell(gpu.uuid, decision.passed);
      if (monoMs() - (seenMs.get(gpu.uuid) ?? 0) <= BLIND_MS)
        await applyCap(gpu.uuid, decision.capW, decision.changed?.why ?? 'temperature');
      if (decision.hold === undefined) continue;
      for (const program of programs())
        if (program.match && program.gpuUuids.includes(gpu.uuid))
          wanted.set(program.key, { why: decision.hold, gpuUuid: gpu.uuid });
    }
    for (const gpuUuid of [...caps.keys()]) {
      // this card alone has gone silent: it is not governed blindly
      if (monoMs() - (seenMs.get(gpuUuid) ?? 0) <= BLIND_MS) continue;
      policies.get(gpuUuid)?.reset();
      await applyCap(gpuUuid, undefined, 'telemetry-lost');
    }
    for (const program of programs()) {
      const wish = wanted.get(program.key);
      if (wish) await hold(program, wish.gpuUuid, wish.why);
    }
    for (const key of [...held.keys(), ...asked.keys()])
      if (!wanted.has(key)) await letGo(key, tick.gpus[0]?.gpu.uuid ?? '');
  }

  /** The mildest means comes first: a limit that is newly passed is told. */
  function tell(gpuUuid: string, passed: readonly LimitKey[]): void {
    const before = told.get(gpuUuid) ?? new Set();
    for (const why of passed) if (!before.has(why)) note({ gpuUuid, what: 'passed', why });
    told.set(gpuUuid, new Set(limitKeys.filter((key) => passed.includes(key))));
  }

  const inTurn = (work: () => Promise<void>): void => {
    if (busy) return; // the next tick decides anew
    busy = work().finally(() => (busy = undefined));
  };

  const blind = setInterval(() => {
    if (monoMs() - lastTickMs > BLIND_MS) inTurn(() => undoAll('telemetry-lost'));
  }, 1000);
  blind.unref();

  return {
    feed(tick: Tick): void {
      if (tick.fault) return; // no news is not good news: silence counts on
      lastTickMs = monoMs();
      if (tick.source.simulated) return;
      cards.meet(tick);
      inTurn(async () => {
        if (anew) {
          anew = false;
          await undoOwn('settings');
        }
        if (settings.governor.enabled) await act(tick);
      });
    },
    applySettings(next: GovernorSettings): void {
      const changed =
        JSON.stringify([next.governor, next.tariff, next.pricePerKwh]) !==
        JSON.stringify([settings.governor, settings.tariff, settings.pricePerKwh]);
      settings = next;
      anew ||= changed;
    },
    async tryCap(gpuUuid: string, capW: number): Promise<Result<undefined>> {
      const accepted = cards.accepts(gpuUuid, capW);
      if (!accepted.ok) return accepted;
      return byHand.try(gpuUuid, capW);
    },
    confirmCap: byHand.confirm,
    async releaseCap(gpuUuid: string): Promise<Result<undefined>> {
      const listed = cards.listed(gpuUuid);
      return listed.ok ? byHand.release(gpuUuid) : listed;
    },
    status: (): GovernorStatus => ({
      enabled: settings.governor.enabled,
      held: [...held.values()].map(({ program, why, sinceMs }) => ({ program, why, sinceMs })),
      caps: [
        ...byHand.kept().map((cap) => ({ ...cap, by: 'hand' as const })),
        ...[...caps].map(([gpuUuid, capW]) => ({ gpuUuid, capW, by: 'governor' as const })),
      ],
      pending: byHand.pending(),
      log,
    }),
    /** A Slowburn before this one was killed and left a cap that it had changed. */
    foundLeft: (): void => note({ gpuUuid: '', what: 'left', why: 'killed' }),
    async close(): Promise<void> {
      clearInterval(blind);
      await busy;
      await helper?.close();
    },
  };
}

export type Governor = ReturnType<typeof createGovernor>;
