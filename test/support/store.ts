import path from 'node:path';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import { temporaryFolder } from './folders.ts';

export type OpenStore = { readonly store: Store; readonly file: string };

/** A real history in a real file, closed after the test. */
export function openStore(file = path.join(temporaryFolder(), 'history.db')): OpenStore {
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value.db);
  onTestFinished(() => store.close());
  return { store, file };
}
