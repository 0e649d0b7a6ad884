import fs from 'node:fs';
import path from 'node:path';
import { expect, picture, test } from './app.ts';

test('says that the history was deleted while it was recorded, and records into a new one', async ({ slowburn }) => {
  const { page, complaints } = await slowburn.launch('--source', 'simulator');
  const file = path.join(slowburn.dataFolder, 'history.simulated.db');
  await expect(page.getByRole('status').getByText('recording')).toBeVisible();
  await expect.poll(() => fs.existsSync(`${file}-wal`)).toBe(true);
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
  await expect(page.getByText(/was deleted or moved while Slowburn was recording/)).toBeVisible();
  await expect(page.getByText(/Recording continues in a new file/)).toBeVisible();
  await expect.poll(() => fs.existsSync(file)).toBe(true);
  await picture(page, 'history-deleted');
  expect(complaints).toEqual([]);
});
