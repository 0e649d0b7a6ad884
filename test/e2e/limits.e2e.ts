import fs from 'node:fs';
import { collectorPid, expect, test } from './app.ts';

type Answer = { readonly ok: boolean; readonly error?: { readonly code: string; readonly next?: string } };

const threadsOf = (pid: number): number => fs.readdirSync(`/proc/${pid}/task`).length;

test('a page that floods main with jobs, reports and questions gets refusals, and the collector few threads', async ({
  slowburn,
}) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  const collector = (await collectorPid(app))!;
  const before = threadsOf(collector);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, threadsOf(collector))), 5);
  const { jobs, reports, questions, after } = await page.evaluate(async () => {
    const ask = (channel: string, payload?: unknown) => window.slowburn.ask(channel, payload) as Promise<Answer>;
    const gpus = (await ask('gpus.list')) as unknown as { readonly value: readonly { readonly uuid: string }[] };
    const url = `/report?gpu=${gpus.value[0]!.uuid}&from=0&to=${Date.now()}`;
    const started = Array.from({ length: 300 }, () => ask('jobs.start', { kind: 'check' }));
    const made = Array.from({ length: 200 }, (_, i) => fetch(`${url}&n=${i}`).then((answer) => answer.text()));
    const asked = Array.from({ length: 2000 }, () => ask('history.extent'));
    return {
      jobs: await Promise.all(started),
      reports: (await Promise.all(made)).map((text) => text.length),
      questions: await Promise.all(asked),
      after: await ask('settings.get'),
    };
  });
  clearInterval(timer);
  // one check, one preview, and what the runtime itself keeps
  expect(most - before).toBeLessThanOrEqual(4);
  const refused = (answers: readonly Answer[]) => answers.filter(({ error }) => error?.code === 'busy');
  expect(refused(jobs).length).toBeGreaterThanOrEqual(290);
  expect(refused(jobs)[0]!.error!.next).toBeDefined();
  expect(refused(questions).length).toBeGreaterThan(0);
  expect(questions.some(({ ok }) => ok)).toBe(true);
  expect(reports.at(-1)).toBeGreaterThan(1000); // the newest preview is the one that is made
  expect(after.ok).toBe(true);
});
