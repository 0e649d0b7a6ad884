import type { Db } from '../db.ts';

/** Schema 5: command lines held passwords, keys and prompts. Stored ones are cut to the program. */
export function cutCommandLines(db: Db): void {
  db.exec(`
      UPDATE session SET command = substr(command, 1, instr(command || ' ', ' ') - 1);
      UPDATE process_use SET name = substr(name, 1, instr(name || ' -', ' -') - 1);
  `);
}
