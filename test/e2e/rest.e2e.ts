import fs from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { writeHotRecording } from '../support/hot-recording.ts';
import { expect, open, test } from './app.ts';

const PAGES = ['Live', 'History', 'Workloads', 'Wear', 'Alerts', 'Report', 'Settings'] as const;
/** Not those that show how much was recorded, which grows with each tick: History, Wear and Settings. */
const STILL: readonly (typeof PAGES)[number][] = ['Live', 'Workloads', 'Alerts', 'Report'];
const WATCH_MS = 10_000;

/**
 * Counts what React commits, as its developer tools do: React calls this hook in every build, so none of it is in the
 * product. It must be there before the page's own script runs.
 */
async function countCommits(page: Page): Promise<() => Promise<{ commits: number; ticks: number }>> {
  await page.addInitScript(() => {
    const counts = { commits: 0, ticks: 0 };
    Object.assign(window, {
      counts,
      __REACT_DEVTOOLS_GLOBAL_HOOK__: {
        isDisabled: false,
        supportsFiber: true,
        inject: () => 1,
        onCommitFiberRoot: () => counts.commits++,
        onCommitFiberUnmount: () => undefined,
      },
    });
    window.addEventListener('DOMContentLoaded', () =>
      window.slowburn.onPush((name) => void (name === 'tick' && counts.ticks++)),
    );
  });
  await page.reload();
  return () =>
    page.evaluate(() => ({ ...(window as unknown as { counts: { commits: number; ticks: number } }).counts }));
}

test('draws nothing for ten seconds while the source says the same', async ({ slowburn }) => {
  test.setTimeout(240_000);
  // says the same for ever, of cards at rest: a load would become a session, whose duration is drawn every second
  const file = path.join(slowburn.dataFolder, 'two-cards.xml');
  const busy = fs.readFileSync(path.resolve(import.meta.dirname, '../fixtures/nvidia-smi/two-cards.xml'), 'utf8');
  fs.writeFileSync(
    file,
    busy.replace('<gpu_util>98 %', '<gpu_util>0 %').replaceAll(/<process_info>.*<\/process_info>/g, ''),
  );
  const { page } = await slowburn.launch('--source', `replay:${file}`);
  const count = await countCommits(page);
  await expect(page.getByRole('article')).toHaveCount(2);
  // one of the two cards is lost, of which an alert tells after a while
  await expect(page.getByRole('navigation').getByTitle(/alerts? firing/)).toBeVisible({ timeout: 30_000 });
  for (const name of STILL) {
    await open(page, name);
    await page.waitForTimeout(6_000); // what was asked for has come
    const before = await count();
    await page.waitForTimeout(WATCH_MS);
    expect.soft((await count()).commits - before.commits, name).toBe(0);
  }
});

test('draws nothing on any page while the source is frozen', async ({ slowburn }) => {
  test.setTimeout(240_000);
  const file = writeHotRecording(slowburn.dataFolder);
  const { page } = await slowburn.launch('--source', `replay:${file}`, '--speed', '50');
  const count = await countCommits(page);
  await expect(page.getByText('The recording has been played to its end.')).toBeVisible({ timeout: 60_000 });
  for (const name of PAGES) {
    await open(page, name);
    await page.waitForTimeout(6_000);
    const before = await count();
    await page.waitForTimeout(WATCH_MS);
    const after = await count();
    expect(after.ticks - before.ticks, 'the source is frozen').toBe(0);
    expect.soft(after.commits - before.commits, name).toBe(0);
  }
});

test('draws at most once a tick while the source runs, on any page', async ({ slowburn }) => {
  test.setTimeout(240_000);
  const { page } = await slowburn.launch('--source', 'simulator:8');
  const count = await countCommits(page);
  await expect(page.getByRole('article')).toHaveCount(8);
  for (const name of PAGES) {
    await open(page, name);
    await page.waitForTimeout(5_000);
    const before = await count();
    await page.waitForTimeout(WATCH_MS);
    const after = await count();
    const ticks = after.ticks - before.ticks;
    expect(ticks, name).toBeGreaterThan(0);
    expect.soft(after.commits - before.commits, `${name}: of ${ticks} ticks`).toBeLessThanOrEqual(ticks + 1); // one more may be drawn of the tick before
    if (name === 'Live') expect(after.commits).toBeGreaterThan(before.commits); // it does move, and is counted
  }
});

// Linux alone has /proc
/** CPU time of a process so far, s: user and system time of all its threads, in hundredths (proc_pid_stat(5)). */
function cpuSecondsOf(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = afterName.slice(11, 13).map(Number);
  return (utime! + stime!) / 100;
}

test('tells its own cost as the system counts it: in percent of one core', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('article')).toHaveCount(1);
  const pids = await app.evaluate(({ app: electron }) => electron.getAppMetrics().map(({ pid }) => pid));
  type Cost = { readonly application: { readonly cpuPct: number } };
  // a page that works without a pause for a part of the time: far more than the application itself
  await page.evaluate(() => {
    const busy = (): void => {
      const until = performance.now() + 400;
      while (performance.now() < until);
      setTimeout(busy, 100);
    };
    busy();
  });
  const told = (): Promise<number> =>
    page.evaluate(
      () =>
        new Promise<number>((resolve) =>
          window.slowburn.onPush((name, payload) => {
            if (name === 'cost') resolve((payload as Cost).application.cpuPct);
          }),
        ),
    );
  // the figure is the share since the start, for the first minute: twice, and what lies between is known on both sides
  const beganMs = await app.evaluate(() => performance.timeOrigin);
  const at = async () => {
    const pct = await told();
    const nowMs = Date.now();
    return {
      usedS: pids.reduce((all, pid) => all + cpuSecondsOf(pid), 0),
      toldS: (pct / 100) * ((nowMs - beganMs) / 1000),
    };
  };
  const first = await at();
  await told();
  const second = await at();
  const ratio = (second.toldS - first.toldS) / (second.usedS - first.usedS);
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.25);
});
