import type { ChannelOf } from '../../app/contract/channels.ts';
import { text } from '../../app/core/i18n.ts';
import { err, type Result } from '../../app/core/result.ts';
import type { ToCollector } from '../../app/recorder/collector-messages.ts';

const ANSWER_DEADLINE_MS = 120_000;

/** Questions that wait for their answer, by number. Each is answered once: by the recorder, the deadline, or its end. */
export function createOpenQuestions(send: (message: ToCollector) => void) {
  let nextId = 1;
  const open = new Map<number, (result: Result<unknown>) => void>();

  return {
    ask(channel: ChannelOf<'collector'>, payload: unknown): Promise<Result<unknown>> {
      const id = nextId++;
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          open.delete(id);
          resolve(err('timeout', text('main.recorder.noAnswer')));
        }, ANSWER_DEADLINE_MS);
        open.set(id, (result) => {
          clearTimeout(timer);
          resolve(result);
        });
        send({ type: 'request', id, channel, payload });
      });
    },
    answer(id: number, result: Result<unknown>): void {
      open.get(id)?.(result);
      open.delete(id);
    },
    /** The recorder has gone: all are answered with this. */
    end(result: Result<unknown>): void {
      for (const resolve of open.values()) resolve(result);
      open.clear();
    },
  };
}
