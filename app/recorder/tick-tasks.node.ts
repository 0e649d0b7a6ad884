export type TickTasks = {
  /** Does a task about every `ms`, first after that time. */
  readonly every: (ms: number, task: () => void) => void;
  /** A tick was taken: what is due is done after it. */
  readonly ticked: () => void;
  readonly end: () => void;
};

/** A task may come this much early, so that it comes with a tick: ticks are not exact. */
const EARLY_MS = 100;
/** Longer than the usual interval: while ticks come that often, this timer never fires. */
const ALONE_MS = 1_250;

/**
 * Does what is due right after a tick, and by a timer where ticks are rarer. To wake an idle process costs more than most
 * tasks: the caches of the processor are cold.
 */
export function createTickTasks(monoMs: () => number): TickTasks {
  const tasks: { readonly everyMs: number; readonly task: () => void; dueMs: number }[] = [];
  let waiting: NodeJS.Immediate | undefined;

  function run(): void {
    waiting = undefined;
    const nowMs = monoMs();
    for (const one of tasks) {
      if (nowMs < one.dueMs - EARLY_MS) continue;
      one.dueMs = Math.max(one.dueMs, nowMs - one.everyMs) + one.everyMs;
      one.task();
    }
  }
  const timer = setInterval(run, ALONE_MS);
  timer.unref();
  return {
    every: (everyMs, task) => void tasks.push({ everyMs, task, dueMs: monoMs() + everyMs }),
    ticked() {
      timer.refresh();
      waiting ??= setImmediate(run); // what the tick sends goes first
    },
    end() {
      clearInterval(timer);
      clearImmediate(waiting);
    },
  };
}
