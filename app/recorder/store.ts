import { createMessageTable } from '../alerts/channels/message-table.ts';
import { createAlertTable } from '../alerts/table.ts';
import type { Db } from '../history/db.ts';
import { createHistory } from '../history/history.ts';
import { createWearTable } from '../wear/table.ts';
import { createSessionBook } from '../workload/sessions/book.ts';
import { createProcessTable } from '../workload/sessions/processes.ts';

/** Every table of a history's file: the history itself and what the domains keep beside it. Each owns its own. */
export function createStore(db: Db) {
  const processes = createProcessTable(db);
  const history = createHistory(db, [processes]);
  return {
    ...history,
    ...createSessionBook(db, history, processes),
    alerts: createAlertTable(db, history.idOf),
    messages: createMessageTable(db),
    wear: createWearTable(db),
  };
}

export type Store = ReturnType<typeof createStore>;
