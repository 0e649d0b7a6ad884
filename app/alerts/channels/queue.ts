import type { AlertName } from '../schema.ts';
import type { AlertChannelId } from './channels.ts';
import type { AlertMessage } from './message.ts';
import type { MessageRow, MessageTable, Outcome } from './message-table.ts';

/** More than this many messages wait for no channel: then the oldest is dropped. */
export const MOST_WAITING = 500;
const MOST_UNWRITTEN = 2000;

/** A message in the queue of its channel. Its fields change; only queue.ts changes them. */
export type QueuedMessage = { -readonly [K in keyof MessageRow]: MessageRow[K] } & {
  /** position on the monotonic clock when it was queued: its age does not depend on the time of day */
  readonly bornMs: number;
};

export type NewMessage = Pick<MessageRow, 'channel' | 'gpuUuid' | 'rule' | 'message'>;

export type MessageQueue = {
  readonly add: (message: NewMessage, at: { readonly wallMs: number; readonly monoMs: number }) => QueuedMessage;
  /** the message that a channel sends next */
  readonly head: (channel: AlertChannelId) => QueuedMessage | undefined;
  readonly waiting: (channel: AlertChannelId) => number;
  /** an attempt failed: it stays where it is */
  readonly failed: (message: QueuedMessage, error: string) => void;
  readonly end: (message: QueuedMessage, outcome: Outcome, wallMs: number) => void;
  /** the first messages of an active alert, which were not dropped: their channels also get the second one */
  readonly announced: (name: AlertName) => readonly QueuedMessage[];
  /** the episode of an alert is over */
  readonly close: (name: AlertName) => void;
  /** Replaces the text of a message that is not on the disk yet. */
  readonly revise: (message: QueuedMessage, text: AlertMessage) => void;
  /** Uses a history that was opened: what it holds comes first, what is only in memory is written into it. */
  readonly attach: (table: MessageTable, at: { readonly wallMs: number; readonly monoMs: number }) => void;
  /** Whether changes of messages on the disk wait to be written. */
  readonly isBehind: () => boolean;
  /**
   * Writes what changed. New messages are written with the alert they are about (outbox.ts), so that a killed recorder
   * has noted both or neither.
   * @param all also new messages; false: only changes of those on the disk
   * @returns to be called when the transaction around it is on the disk
   */
  readonly write: (all: boolean) => () => void;
};

const isAbout = (name: AlertName, message: AlertName): boolean =>
  message.gpuUuid === name.gpuUuid && message.rule === name.rule;

/**
 * Messages that wait, in memory and on the disk. A disk that fails stops nothing: what could not be written is sent from
 * memory, and written later together with what became of it.
 * @param onDropped a message was dropped because too many wait
 */
export function createMessageQueue(onDropped: (message: QueuedMessage) => void): MessageQueue {
  let table: MessageTable | undefined;
  let messages: QueuedMessage[] = [];
  const fresh = new Set<QueuedMessage>(); // not on the disk
  const changed = new Set<QueuedMessage>(); // on the disk, but not as they are now

  const waitingOf = (channel: AlertChannelId): QueuedMessage[] =>
    messages.filter((message) => message.channel === channel && message.outcome === null);

  function change(message: QueuedMessage, fields: Partial<MessageRow>): void {
    Object.assign(message, fields);
    if (!fresh.has(message)) changed.add(message);
  }
  const isOver = ({ outcome, closed }: MessageRow): boolean => outcome !== null && closed;
  /** What is over is only kept until it is written, and not without end on a disk that stays full. */
  function forget(): void {
    messages = messages.filter((message) => !isOver(message));
    const over = fresh.size > MOST_UNWRITTEN ? [...fresh].filter(isOver) : [];
    for (const message of over) fresh.delete(message);
  }
  function end(message: QueuedMessage, outcome: Outcome, wallMs: number): void {
    change(message, { outcome, endedMs: Math.round(wallMs) });
    forget();
  }

  return {
    add(message, { wallMs, monoMs }) {
      const state = {
        attempts: 0,
        error: null,
        outcome: null,
        endedMs: null,
        closed: message.message.kind !== 'fired',
      };
      const queued: QueuedMessage = { ...message, ...state, queuedMs: wallMs, bornMs: monoMs };
      messages.push(queued);
      fresh.add(queued);
      const waiting = waitingOf(message.channel);
      for (const oldest of waiting.slice(0, Math.max(0, waiting.length - MOST_WAITING))) {
        end(oldest, 'dropped', wallMs);
        onDropped(oldest);
      }
      return queued;
    },
    head: (channel) => messages.find((message) => message.channel === channel && message.outcome === null),
    waiting: (channel) => waitingOf(channel).length,
    failed: (message, error) => change(message, { attempts: message.attempts + 1, error }),
    end,
    announced: (name) =>
      messages.filter((message) => !message.closed && message.outcome !== 'dropped' && isAbout(name, message)),
    close(name) {
      for (const message of messages) if (!message.closed && isAbout(name, message)) change(message, { closed: true });
      forget();
    },
    revise: (message, text) => void Object.assign(message, { message: text }),
    attach(next, { wallMs, monoMs }) {
      table = next;
      const known = new Set(messages.map(({ channel, message }) => `${channel} ${message.id}`));
      const stored = table
        .pending()
        .filter(({ channel, message }) => !known.has(`${channel} ${message.id}`))
        .map((row) => ({ ...row, bornMs: monoMs - Math.max(0, wallMs - row.queuedMs) }));
      for (const message of messages) fresh.add(message);
      changed.clear();
      messages = [...stored, ...messages];
    },
    isBehind: () => changed.size > 0,
    write(all) {
      const rows = [...changed, ...(all ? fresh : [])];
      if (rows.length > 0) table?.put(rows);
      return () => {
        for (const row of table ? rows : []) {
          changed.delete(row);
          fresh.delete(row);
        }
      };
    },
  };
}
