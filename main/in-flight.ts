import type { Channel } from '../app/contract/channels.ts';
import { text } from '../app/core/i18n.ts';
import { err, type Result } from '../app/core/result.ts';

/** Questions of one channel that may be open at once. The busiest page, with eight GPUs, asks about a dozen. */
export const MOST_OPEN = 64;
/** Where a person is asked for a file, or something opens: one at a time. */
const MOST_OPEN_OF: Partial<Record<Channel, number>> = { 'jobs.start': 1, 'report.save': 1, 'app.openFolder': 1 };

/** Answers questions while not too many of their channel are open; any other is refused at once. */
export function createInFlight() {
  const open = new Map<Channel, number>();
  return async (name: Channel, answer: () => Promise<Result<unknown>>): Promise<Result<unknown>> => {
    const now = open.get(name) ?? 0;
    if (now >= (MOST_OPEN_OF[name] ?? MOST_OPEN))
      return err('busy', text('main.ipc.busy', { channel: name }), text('main.ipc.busyNext'));
    open.set(name, now + 1);
    try {
      return await answer();
    } finally {
      open.set(name, open.get(name)! - 1);
    }
  };
}
