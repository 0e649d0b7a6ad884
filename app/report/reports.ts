import { text } from '../core/i18n.ts';
import { err, type Result } from '../core/result.ts';

/** Reports to be saved: how many are written at once, and how many may wait. */
export const reportLimit = { running: 1, waiting: 4 } as const;

type Run<J> = (job: J, signal?: AbortSignal) => Promise<Result<string>>;
type Waiting<J> = { readonly job: J; readonly resolve: (result: Result<string>) => void };

/**
 * Creates reports, each in a separate thread, at most two at once. There is one preview; a newer one cancels it. Reports
 * to be saved are written one after another, and a full queue refuses more.
 */
export function createReports<J extends { readonly path?: string | undefined }>(run: Run<J>): Run<J> {
  let previewing: AbortController | undefined;
  let nextPreview: Waiting<J> | undefined;
  const saving: Waiting<J>[] = [];

  async function preview(): Promise<void> {
    for (let now = nextPreview; now; now = nextPreview) {
      nextPreview = undefined;
      previewing = new AbortController();
      now.resolve(await run(now.job, previewing.signal));
    }
    previewing = undefined;
  }

  async function save(): Promise<void> {
    for (let now = saving[0]; now; now = saving[0]) {
      now.resolve(await run(now.job));
      saving.shift();
    }
  }

  return (job) => {
    if (job.path === undefined) {
      nextPreview?.resolve(err('cancelled', text('report.superseded')));
      return new Promise((resolve) => {
        nextPreview = { job, resolve };
        if (previewing) previewing.abort();
        else void preview();
      });
    }
    if (saving.length >= reportLimit.running + reportLimit.waiting)
      return Promise.resolve(err('busy', text('report.tooMany'), text('report.tooManyNext')));
    return new Promise((resolve) => {
      saving.push({ job, resolve });
      if (saving.length === 1) void save();
    });
  };
}
