import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startJob } from '../../app/jobs/run-job.node.ts';
import { runReportJob } from '../../app/report/job.node.ts';
import type { ReportJob } from '../../app/report/worker.node.ts';
import { runReplayJob } from '../../app/wear/replay-job.node.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A folder of thread scripts that all do the same. */
function threadsThat(script: string): URL {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  for (const name of ['job-worker', 'report-worker', 'wear-worker'])
    fs.writeFileSync(path.join(folder, `${name}.js`), script);
  return pathToFileURL(`${folder}/`);
}

const deaths = [
  ['throws', `throw new Error('no memory');`],
  ['rejects', `Promise.reject(new Error('no memory'));`],
  ['exits without an answer', 'process.exit(3);'],
] as const;

describe.each(deaths)('a thread that %s', (how, script) => {
  const cause = how.startsWith('exits') ? /./ : /no memory/;

  it('ends its job with an error that says so', async () => {
    const ended = await startJob(threadsThat(script), { kind: 'check', databaseFile: 'none.db' }).result;
    expect(ended).toMatchObject({ ok: false, error: { code: 'internal', message: expect.stringMatching(cause) } });
  });

  it('ends its report with an error that says so', async () => {
    const ended = await runReportJob(new URL('report-worker.js', threadsThat(script)), {} as ReportJob);
    expect(ended).toMatchObject({ ok: false, error: { code: 'internal', message: expect.stringMatching(cause) } });
  });

  it('leaves the replay of a card to whoever asked for it', async () => {
    const { signal } = new AbortController();
    const job = { databaseFile: 'none.db', gpuId: 1 };
    expect(
      await runReplayJob(new URL('wear-worker.js', threadsThat(script)), job, () => undefined, signal),
    ).toBeUndefined();
  });
});
