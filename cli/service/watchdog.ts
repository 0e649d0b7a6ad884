import type { ServiceNotify } from '../../app/recorder/service-notify.node.ts';

export type Watchdog = {
  /** A tick came. */
  readonly alive: () => void;
  readonly stop: () => void;
};

/**
 * Tells the service manager that the recorder is alive: three times per watchdog period, while ticks come. A recorder
 * whose event loop or sampler hangs is silent, and the manager restarts it.
 */
export function startWatchdog({ send, watchdogMs }: ServiceNotify): Watchdog {
  if (watchdogMs === undefined) return { alive: () => undefined, stop: () => undefined };
  let ticked = false;
  const timer = setInterval(() => {
    if (ticked) send('WATCHDOG=1');
    ticked = false;
  }, watchdogMs / 3);
  timer.unref();
  return { alive: () => void (ticked = true), stop: () => clearInterval(timer) };
}
