// Loaded before each spec file: when its tests are over, nothing that they started may still be there. A thread, a process, a
// timer or a handle that remains fails the file, with what it is.
import { subscribe } from 'node:diagnostics_channel';
import type { ChildProcess } from 'node:child_process';
import type { Worker } from 'node:worker_threads';
import { afterAll, expect } from 'vitest';

/** Sockets that a client keeps for its next request and the grace of an ended process close within this time. */
const SETTLE_MS = 15_000;
const LOOK_EVERY_MS = 50;

const LIBRARY = 'a library';

type Started = { readonly threads: Map<Worker, string>; readonly children: Map<ChildProcess, string> };

/** Where the test's own code started something: the first frame of a stack that lies in the checkout. */
function place(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(3);
  const own = frames.find((frame) => !frame.includes('node_modules') && !frame.includes('node:'));
  return own?.trim().replace(/^at /, '') ?? LIBRARY;
}

/** One list per process of the runner, which may run several files. */
function watchStarts(): Started {
  const shared = globalThis as { slowburnStarted?: Started };
  if (shared.slowburnStarted) return shared.slowburnStarted;
  const started: Started = { threads: new Map(), children: new Map() };
  subscribe('worker_threads', (message) => {
    const { worker } = message as { worker: Worker };
    const by = place();
    if (by === LIBRARY) return; // a bundler keeps its pool of threads for the next build
    started.threads.set(worker, `a thread, started by ${by}`);
    worker.once('exit', () => started.threads.delete(worker));
  });
  subscribe('child_process', (message) => {
    const { process: child } = message as { process: ChildProcess };
    started.children.set(child, `a process, started by ${place()}`);
    child.once('exit', () => started.children.delete(child));
    child.once('error', () => child.pid === undefined && started.children.delete(child));
  });
  return (shared.slowburnStarted = started);
}

function counts(): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return kinds;
}

const started = watchStarts();
const before = {
  kinds: counts(),
  threads: new Set(started.threads.keys()),
  children: new Set(started.children.keys()),
};

/** What was not there before this file. */
function leaks(): string[] {
  const extra = [...counts()].flatMap(([kind, count]) => {
    const more = count - (before.kinds.get(kind) ?? 0);
    return more > 0 ? [`${more} × ${kind}`] : [];
  });
  const threads = [...started.threads].filter(([thread]) => !before.threads.has(thread)).map(([, what]) => what);
  const children = [...started.children].filter(([child]) => !before.children.has(child)).map(([, what]) => what);
  return [...threads, ...children, ...extra];
}

afterAll(async () => {
  const until = performance.now() + SETTLE_MS;
  while (leaks().length > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  expect(leaks(), 'Still there after the tests of this file. Close it in the test, or in onTestFinished').toEqual([]);
});
