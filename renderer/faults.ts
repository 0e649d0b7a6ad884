import { ask } from './bridge.ts';

/** A fault that repeats must not fill the log: so many are reported per load of the page. */
const MOST_REPORTS = 20;
const LONGEST = 4000;
let reports = 0;

/** Reports an error of the page to main, which keeps the log. Whatever was being drawn, it is also in the console. */
export function reportFault(thrown: unknown): void {
  console.error(thrown);
  if (reports++ >= MOST_REPORTS) return;
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  void ask('app.reportFault', { text: text.slice(0, LONGEST) });
}

/** Reports what no code of the page catches. Call once. */
export function watchFaults(): void {
  window.addEventListener('error', ({ error, message }) => reportFault(error ?? message));
  window.addEventListener('unhandledrejection', ({ reason }) => reportFault(reason));
}
