/**
 * A shared word that counts the messages sent to a thread, and wakes the thread while it is blocked in Atomics.wait. Such
 * a sleep costs a third of what a timer costs, and ends to the microsecond.
 */
export type WakeSignal = Int32Array;

export const createWakeSignal = (): WakeSignal => new Int32Array(new SharedArrayBuffer(4));

/** Wakes the thread so that it receives the message that was just posted. */
export function wake(signal: WakeSignal): void {
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
}

export type Sleeper = {
  /** Sleeps for `ms`; each wake signal runs the event loop once. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Call once for each message that the event loop delivers. */
  readonly received: () => void;
  /** Ends this and every later sleep. */
  readonly stop: () => void;
};

/** Runs the event loop once: it delivers messages, and V8 can collect garbage. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createSleeper(signal: WakeSignal, monoMs: () => number): Sleeper {
  let received = 0;
  let stopped = false;
  return {
    async sleep(ms) {
      const untilMs = monoMs() + ms;
      for (let leftMs = ms; leftMs > 0 && !stopped; leftMs = untilMs - monoMs()) {
        if (Atomics.wait(signal, 0, received, leftMs) !== 'timed-out') await turn();
      }
    },
    received: () => void received++,
    stop: () => (stopped = true),
  };
}
