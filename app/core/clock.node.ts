import os from 'node:os';
import type { Clock } from './clock.ts';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  // not performance.now(), whose origin differs per thread
  monoMs: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  bootMs: () => os.uptime() * 1e3,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
};
