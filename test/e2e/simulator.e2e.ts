import { expect, test } from './app.ts';

// What the workflow runs on Windows and macOS: nothing here needs a driver, a stand-in in C, or Linux.
test('starts with the simulator and shows a temperature that moves', async ({ slowburn }) => {
  const { page, complaints } = await slowburn.launch('--source', 'simulator');
  const card = page.getByRole('article').first();
  await expect(card).toContainText(/\d °C/, { timeout: 45_000 });
  const first = await card.textContent();
  await expect.poll(() => card.textContent(), { timeout: 45_000 }).not.toBe(first);
  expect(complaints).toEqual([]);
});
