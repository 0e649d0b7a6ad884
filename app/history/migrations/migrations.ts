import { createFirstTables } from './0001-first-tables.ts';
import { sealFinishedHours } from './0002-seal-finished-hours.ts';
import { addXidErrors } from './0003-xid-errors.ts';
import { addSessionShares } from './0004-session-shares.ts';
import { cutCommandLines } from './0005-cut-command-lines.ts';
import { addLastReadings } from './0006-last-readings.ts';
import { addSessionOwnerStart } from './0007-session-owner-start.ts';
import { addAlertsOfTheMachine } from './0008-alerts-of-the-machine.ts';
import { addAlertMessages } from './0009-alert-messages.ts';
import type { Db } from '../db.ts';

/** One step of the schema. Throws as SQLite does; the transaction around all steps then leaves the file as it was. */
export type Migration = (db: Db) => void;

/**
 * The steps by the name of their file, in order. `user_version` of a file counts the steps applied. A step is frozen once
 * it has shipped: it imports the type `Db` and files of its folder, nothing else, so that no later change of the
 * product changes what it does. To change the schema, add a step.
 */
export const migrations = {
  '0001-first-tables': createFirstTables,
  '0002-seal-finished-hours': sealFinishedHours,
  '0003-xid-errors': addXidErrors,
  '0004-session-shares': addSessionShares,
  '0005-cut-command-lines': cutCommandLines,
  '0006-last-readings': addLastReadings,
  '0007-session-owner-start': addSessionOwnerStart,
  '0008-alerts-of-the-machine': addAlertsOfTheMachine,
  '0009-alert-messages': addAlertMessages,
} as const satisfies Record<`${number}-${string}`, Migration>;

const steps: readonly Migration[] = Object.values(migrations);

/** The schema that this version of Slowburn reads and writes. */
export const SCHEMA = steps.length;

/**
 * Brings a file to the newest schema: in one transaction, so that a process killed meanwhile leaves the old one.
 * @param all the steps, in order
 */
export function migrate(db: Db, all: readonly Migration[] = steps): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version === all.length) return;
  db.transaction(() => {
    for (const step of all.slice(version)) step(db);
    db.pragma(`user_version = ${all.length}`);
  })();
  if (version > 0) db.exec('VACUUM');
}
