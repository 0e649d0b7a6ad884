import type { Clock } from '../../core/clock.ts';
import { text } from '../../core/i18n.ts';
import { err, type AppError, type Result } from '../../core/result.ts';
import { backOffMs } from './back-off.ts';
import { SEND_LIMIT_MS, type OpenedChannel, type SendResult } from './channel.ts';
import type { AlertMessage } from './message.ts';
import type { QueuedMessage } from './queue.ts';

/** A message that is older is dropped: who reads about it after a week is misled. */
export const OLDEST_MS = 7 * 86_400_000;
/** Attempts for a message that the receiver itself refuses: others wait behind it. */
const MOST_REJECTED = 8;
/** What is being sent when the recorder ends may take this long: less than its supervisors wait. */
const GRACE_MS = 1_500;

export type LaneFault = AppError & { readonly tsMs: number; readonly retryMs: number | null };

export type LaneOptions = {
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  /** undefined: the channel is off. An error: it cannot be opened now */
  readonly opened: () => Promise<Result<OpenedChannel | undefined>>;
  readonly head: () => QueuedMessage | undefined;
  readonly onDelivered: (message: QueuedMessage) => void;
  readonly onFailed: (message: QueuedMessage, error: AppError) => void;
  /** given up: too old, or refused too often */
  readonly onDropped: (message: QueuedMessage, why: 'old' | 'rejected') => void;
};

/** Sends the messages of one channel, one at a time and in order, until the receiver has confirmed each. */
export function createLane(options: LaneOptions) {
  const { clock, random, opened, head } = options;
  const closing = new AbortController();
  let waiting: AbortController | undefined;
  let running: Promise<void> | undefined;
  let woken = false;
  let ending = false;
  let failures = 0;
  let nextMs = -Infinity; // on the monotonic clock
  let fault: LaneFault | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** Never two sends at once: the test button waits for the message that is on its way. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const mine = turn.then(task);
    turn = mine.catch(() => undefined);
    return mine;
  }

  /** One attempt, which ends in time even if the channel does not. */
  async function attempt(channel: OpenedChannel, message: AlertMessage): Promise<SendResult> {
    const stop = new AbortController();
    const over = new AbortController();
    const interrupted = new Promise<SendResult>((resolve) => {
      closing.signal.addEventListener(
        'abort',
        () => {
          stop.abort();
          resolve(err('cancelled', text('channel.error.cancelled')));
        },
        { once: true, signal: over.signal },
      );
    });
    const late = clock.sleep(SEND_LIMIT_MS, over.signal).then((): SendResult => {
      stop.abort();
      const message = text('channel.error.timeout', { seconds: SEND_LIMIT_MS / 1000 });
      return err('timeout', message, text('channel.error.again'));
    });
    try {
      return await Promise.race([channel.send(message, stop.signal), late, interrupted]);
    } catch {
      return err('internal', text('channel.error.internal')); // not its text, which may quote a secret
    } finally {
      over.abort();
    }
  }

  function onResult(message: QueuedMessage, result: SendResult): void {
    if (result.ok) {
      [failures, nextMs, fault] = [0, -Infinity, undefined];
      return options.onDelivered(message);
    }
    failures++;
    const waitMs = backOffMs(failures, random(), result.retryAfterMs);
    nextMs = clock.monoMs() + waitMs;
    fault = { ...result.error, tsMs: clock.wallMs(), retryMs: clock.wallMs() + waitMs };
    options.onFailed(message, result.error);
    if (result.rejected && message.attempts >= MOST_REJECTED) options.onDropped(message, 'rejected');
  }

  /** Waits for the time of the next attempt. @returns false: something changed meanwhile, so look again */
  async function due(): Promise<boolean> {
    const waitMs = nextMs - clock.monoMs();
    if (waitMs <= 0) return true;
    waiting = new AbortController();
    await clock.sleep(waitMs, waiting.signal);
    waiting = undefined;
    return false;
  }

  async function sendAll(): Promise<void> {
    for (let message = head(); message && !ending; message = head()) {
      if (clock.monoMs() - message.bornMs > OLDEST_MS) {
        options.onDropped(message, 'old');
        continue;
      }
      if (!(await due())) continue;
      const sent = message;
      const result = await inTurn(async () => {
        const channel = await opened();
        if (!channel.ok || ending) return channel.ok ? undefined : channel;
        return channel.value && attempt(channel.value, sent.message);
      });
      if (result === undefined) return; // it is off: it waits until it is on
      if (closing.signal.aborted && !result.ok) return;
      onResult(sent, result);
    }
  }

  /** Looks at the queue. */
  function wake(): void {
    if (running) {
      woken = true;
      return;
    }
    woken = false;
    running = sendAll().finally(() => {
      running = undefined;
      if (woken && !ending) wake();
    });
  }

  return {
    wake,
    /** Tries at once: something may have changed that was wrong. */
    retry(): void {
      [failures, nextMs] = [0, -Infinity];
      waiting?.abort();
      wake();
    },
    /** Sends a message that is not in the queue. For tasks of `inTurn`. */
    attempt,
    fault: () => fault,
    /** Runs a task while nothing is being sent. */
    inTurn,
    /** Gives what is being sent a moment, then interrupts it: it stays in the queue. */
    async close(): Promise<void> {
      ending = true;
      waiting?.abort();
      const idle = new AbortController();
      const ended = Promise.allSettled([running, turn]).then(() => idle.abort());
      await clock.sleep(GRACE_MS, idle.signal);
      closing.abort();
      await ended;
    },
  };
}

export type Lane = ReturnType<typeof createLane>;
