import path from 'node:path';
import { edgesOf } from './rooms.ts';

const FOLDER = 'app/history/migrations';

/**
 * What is wrong with the imports of a frozen step of the schema, as sentences with the remedy.
 * @param file a step, or a file of its folder
 */
export function frozenFaults(file: string, text: string): string[] {
  const [step] = path.posix.relative(FOLDER, file).split(/[./]/);
  return edgesOf(file, text)
    .filter(({ to, typeOnly }) => !(typeOnly && to === 'app/history/db.ts') && !to.startsWith(`${FOLDER}/${step}/`))
    .map(
      ({ to }) =>
        `${file} → ${to}: a migration is frozen, so it may import only the type Db and files of its folder. ` +
        `Copy what it needs to ${FOLDER}/${step}/.`,
    );
}
