import { setTimeout as sleep } from 'node:timers/promises';
import { text } from '../core/i18n.ts';
import type { RecorderKind } from '../core/recorder-kinds.ts';
import { err, ok, type AppError, type Result } from '../core/result.ts';
import { openSource, type SourceContext } from '../telemetry/open-source.node.ts';
import { sourceKindOf } from '../telemetry/source-kinds.ts';
import type { SourceFault, SourceSample, TelemetrySource } from '../telemetry/source.ts';
import type { SourceSpec } from '../telemetry/sources.ts';
import { openAttachedSource } from './attached-source.node.ts';
import { askToYield, lockDriver, type DriverLock } from './driver-lock.node.ts';
import { systemPlaces } from './socket/places.node.ts';
import type { Scope } from './socket/wire.ts';

export type MachineOptions = {
  readonly scope: Scope;
  readonly startedBy: RecorderKind;
  readonly log: (line: string) => void;
};

/** Where samples come from now: the driver, with its lock, or the machine's recorder. */
type Inner = { readonly source: TelemetrySource; readonly lock?: DriverLock };

const RETRY_MS = 300;
/** So long a recorder that holds the lock may take to release it for the machine's recorder. */
const YIELD_WITHIN_MS = 10_000;
const MOMENT_MS = 1_500;
/** A recorder that restarts is waited for before the driver is read again. */
const RESTART_MS = 5_000;
/** Then a tick says why there is none. */
const PATIENCE_MS = 3_000;

/** The machine's driver, not a library or a program that was named: those may be anything. */
const readsDriver = (spec: SourceSpec): boolean =>
  spec.kind === 'auto' ||
  (spec.kind === 'nvml' && spec.library === undefined) ||
  (spec.kind === 'nvidia-smi' && spec.program === undefined);

/**
 * Opens a source so that one recorder of the machine reads the driver. The machine's recorder wins: another releases it and
 * continues with the samples of that one, and takes the driver back when it has ended. A recorder of another user is not
 * disturbed: the result is then `busy`. Simulations, recordings, and a library or program named by its path take no lock.
 */
export async function openMachineSource(
  spec: SourceSpec,
  context: SourceContext,
  options: MachineOptions,
): Promise<Result<TelemetrySource>> {
  if (!readsDriver(spec)) return openSource(spec, context);
  const shared = createSharedSource(spec, context, options);
  return shared.open();
}

function createSharedSource(spec: SourceSpec, context: SourceContext, { scope, startedBy, log }: MachineOptions) {
  const { clock } = context;
  let { settings } = context;
  let inner: Inner | undefined;
  let closed = false;
  let info: ReturnType<TelemetrySource['info']> | undefined;
  let fault: SourceFault | undefined;
  let changed = (): void => undefined;

  /**
   * The lock. One that is held for a moment, by a recorder that finds no driver or ends, is waited for. The machine's
   * recorder asks the one that has it to release it, and records even if it does not.
   */
  async function locked(): Promise<Result<DriverLock>> {
    const take = () => lockDriver(scope, startedBy, () => void letGo());
    let lock = await take();
    const waitMs = scope === 'system' ? YIELD_WITHIN_MS : MOMENT_MS;
    for (const endMs = performance.now() + waitMs; !lock.ok && performance.now() < endMs; lock = await take()) {
      if (scope === 'system') await askToYield();
      await sleep(RETRY_MS);
    }
    if (lock.ok || scope === 'user') return lock;
    log(`${lock.error.message} It does not release the lock, so the driver is read beside it.`);
    return ok({ release: () => undefined });
  }

  async function openDriver(): Promise<Result<Inner>> {
    const lock = await locked();
    if (!lock.ok) return lock;
    const opened = await openSource(spec, { ...context, settings });
    if (opened.ok && sourceKindOf(opened.value.info().kind).origin === 'measured')
      return ok({ source: opened.value, lock: lock.value });
    lock.value.release();
    return opened.ok ? ok({ source: opened.value }) : opened;
  }

  async function openAttached(): Promise<Result<Inner>> {
    const opened = await openAttachedSource(systemPlaces(), clock);
    if (!opened.ok) return opened;
    const { source, over } = opened.value;
    if (sourceKindOf(source.info().kind).origin !== 'measured') {
      await source.close(); // of simulated cards, which say nothing about this machine
      return err('not-found', text('socket.none'));
    }
    const mine: Inner = { source };
    void over.then((why) => inner === mine && void replace(why));
    return ok(mine);
  }

  /** For a user's recorder, the machine's comes first. */
  async function acquire(mayRead: boolean): Promise<Result<Inner>> {
    if (scope === 'system') return openDriver();
    const attached = await openAttached();
    if (attached.ok || !mayRead) return attached;
    const own = await openDriver();
    // it is the machine's recorder that reads, and this user may not attach: that is what helps
    return own.ok || own.error.code !== 'busy' || attached.error.code !== 'forbidden' ? own : attached;
  }

  function use(next: Inner): void {
    inner = next;
    fault = undefined;
    info = next.source.info();
    next.source.configure(settings);
    changed();
  }

  /** Replaces a source that has ended, as soon as there is another. */
  async function replace({ message, next }: Pick<AppError, 'message' | 'next'>): Promise<void> {
    const old = inner;
    inner = undefined;
    fault = { code: 'driver-busy', message, ...(next !== undefined && { next }) };
    log(`${message} Looking for the machine’s recorder.`);
    await old?.source.close();
    old?.lock?.release();
    for (const readMs = performance.now() + RESTART_MS; !closed; await sleep(RETRY_MS)) {
      const found = await acquire(performance.now() > readMs);
      if (closed) return void (found.ok && (await end(found.value)));
      if (found.ok && found.value.source.info().simulated)
        await end(found.value); // not among measured samples
      else if (found.ok) {
        log(`Samples come from ${found.value.lock ? 'the driver' : 'the machine’s recorder'} again.`);
        return use(found.value);
      } else if (found.error.code !== 'not-found')
        fault = { code: 'driver-busy', message: found.error.message, next: found.error.next ?? '' };
    }
  }

  async function end({ source, lock }: Inner): Promise<void> {
    await source.close();
    lock?.release();
  }

  async function letGo(): Promise<void> {
    if (inner?.lock) await replace({ message: text('driver.yielded') });
  }

  async function read(deadlineMs: number): Promise<SourceSample> {
    for (;;) {
      const current = inner;
      if (current) {
        const sample = await current.source.read(deadlineMs);
        if (inner === current || closed) return sample;
        continue; // what a source says while it is being closed is no sample
      }
      const now = { gpus: [], tsMs: clock.wallMs(), monoMs: clock.monoMs(), tookMs: 0 };
      if (closed) return now;
      const came = new Promise<'changed'>((resolve) => (changed = () => resolve('changed')));
      if ((await Promise.race([came, sleep(PATIENCE_MS, 'late' as const)])) === 'changed') continue;
      const late = { ...now, tsMs: clock.wallMs(), monoMs: clock.monoMs() };
      return fault ? { ...late, fault } : late;
    }
  }

  const source: TelemetrySource = {
    info: () => (info = inner?.source.info() ?? info!),
    read,
    configure(next) {
      settings = next;
      inner?.source.configure(next);
    },
    sampleNow: () => inner?.source.sampleNow?.(),
    async close() {
      closed = true;
      changed();
      if (inner) await end(inner);
    },
  };

  return {
    async open(): Promise<Result<TelemetrySource>> {
      const first = await acquire(true);
      if (!first.ok) return first;
      use(first.value);
      return ok(source);
    },
  };
}
