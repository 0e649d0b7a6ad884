import type { Db } from '../../history/db.ts';
import { isAlertRuleId, type AlertRuleId } from '../rules.ts';
import { alertChannels, type AlertChannelId } from './channels.ts';
import { alertMessage, type AlertMessage } from './message.ts';

export type Outcome = 'delivered' | 'dropped';

/** A message on its way through one channel, as it is kept. Times are ms since 1970. */
export type MessageRow = {
  readonly channel: AlertChannelId;
  readonly gpuUuid: string | null;
  readonly rule: AlertRuleId;
  readonly message: AlertMessage;
  readonly queuedMs: number;
  readonly attempts: number;
  /** why the newest attempt failed, as a sentence; null: none failed */
  readonly error: string | null;
  /** null: it waits */
  readonly outcome: Outcome | null;
  readonly endedMs: number | null;
  /** the episode is over */
  readonly closed: boolean;
};

/** What the terminal shows of a channel. */
export type MessageCounts = {
  readonly channel: string;
  readonly waiting: number;
  readonly dropped: number;
  readonly deliveredMs: number | null;
  /** why the oldest message that waits was not delivered yet */
  readonly error: string | null;
};

/** Rows that say nothing any more are removed after this time. */
const KEPT_MS = 30 * 86_400_000;

type Stored = Omit<MessageRow, 'message' | 'closed'> & { readonly body: string; readonly closed: number };

function parsed({ body, closed, ...row }: Stored): MessageRow | undefined {
  if (!Object.hasOwn(alertChannels, row.channel) || !isAlertRuleId(row.rule)) return undefined; // of another version
  try {
    const message = alertMessage.safeParse(JSON.parse(body));
    return message.success ? { ...row, message: message.data, closed: closed === 1 } : undefined;
  } catch {
    return undefined;
  }
}

/** Messages about alerts in the history's file. Methods throw as SQLite does. */
export function createMessageTable(db: Db) {
  const put = db.prepare(
    `INSERT INTO alert_message (channel, message_id, gpu_uuid, rule, body, queued_ms, attempts, error, outcome, ended_ms, closed)
     VALUES (@channel, @id, @gpuUuid, @rule, @body, @queuedMs, @attempts, @error, @outcome, @endedMs, @closed)
     ON CONFLICT (channel, message_id) DO UPDATE SET attempts = excluded.attempts, error = excluded.error,
       outcome = excluded.outcome, ended_ms = excluded.ended_ms, closed = excluded.closed`,
  );
  // what still matters: it waits, or its end will be announced to the channels that know of it
  const pending = db.prepare(
    `SELECT channel, gpu_uuid AS gpuUuid, rule, body, queued_ms AS queuedMs, attempts, error, outcome, ended_ms AS endedMs,
       closed FROM alert_message WHERE outcome IS NULL OR closed = 0 ORDER BY id`,
  );
  const counts = db.prepare(
    `SELECT channel, sum(outcome IS NULL) AS waiting, sum(outcome = 'dropped') AS dropped,
       max(CASE WHEN outcome = 'delivered' THEN ended_ms END) AS deliveredMs,
       (SELECT error FROM alert_message AS head WHERE head.channel = one.channel AND outcome IS NULL ORDER BY id LIMIT 1)
         AS error
     FROM alert_message AS one GROUP BY channel`,
  );
  // the newest delivery of each channel stays: it is shown
  const prune = db.prepare(
    `DELETE FROM alert_message WHERE outcome IS NOT NULL AND closed = 1 AND ended_ms < ? AND id NOT IN (
       SELECT max(id) FROM alert_message WHERE outcome = 'delivered' GROUP BY channel)`,
  );
  const write = (row: MessageRow): void => {
    const { channel, gpuUuid, rule, message, queuedMs, attempts, error, outcome, endedMs, closed } = row;
    const body = JSON.stringify(message);
    const fixed = { channel, id: message.id, gpuUuid, rule, body, queuedMs: Math.round(queuedMs) };
    put.run({ ...fixed, attempts, error, outcome, endedMs, closed: closed ? 1 : 0 });
  };
  return {
    /** Writes rows as they are now, in one transaction. */
    put: db.transaction((rows: readonly MessageRow[]): void => rows.forEach(write)) as (
      rows: readonly MessageRow[],
    ) => void,
    pending: (): MessageRow[] => (pending.all() as Stored[]).flatMap((row) => parsed(row) ?? []),
    counts: (): MessageCounts[] => counts.all() as MessageCounts[],
    prune: (nowMs: number): void => void prune.run(nowMs - KEPT_MS),
  };
}

export type MessageTable = ReturnType<typeof createMessageTable>;
