import { text } from '../../core/i18n.ts';
import { at, entriesAt, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { ok, type Result } from '../../core/result.ts';
import { askJson, compact, unknownForm, type Adapter, type Ask, type Made } from './adapter.ts';
import { madeBy, modelOf } from './comfyui-job.ts';
import { outputUnits } from './ids.ts';

/**
 * ComfyUI (server.py, execution.py). GET /prompt tells how many jobs are left, in a few bytes. GET /queue and /history hold
 * the whole graph of each job, and ComfyUI writes them in the loop that also answers its window. So /queue is asked only
 * when the number of jobs has changed, and the history in pages no larger than what is new. Its /ws reports the progress
 * of a job only to the client that queued it; listening there would mean to impersonate that client.
 */
const LARGEST_PAGE = 8;
const KNOWN_JOBS = 512;
/** Jobs of the queue that are asked for one by one in one reading. */
const MOST_ASKED = 8;

type Memory = Map<string, number>;
type Job = readonly [id: string, job: Json];

/** What is kept about a job: it was counted, or it was seen in the queue and is not yet. */
const COUNTED = 1;
const QUEUED = 2;
const jobKey = (id: string): string => `job:${id}`;
const idsIn = (memory: Memory, state: number): string[] =>
  [...memory].flatMap(([key, value]) => (key.startsWith('job:') && value === state ? [key.slice(4)] : []));

/** Notes which jobs are in the queue, and returns the graph of the one that runs. Too large a queue is left alone. */
async function lookAtQueue(ask: Ask, memory: Memory, remaining: number): Promise<Json> {
  const changed = memory.get('remaining') !== remaining;
  memory.set('remaining', remaining);
  if (remaining === 0) memory.delete('too-long');
  if (!changed || remaining === 0 || remaining > (memory.get('too-long') ?? Infinity) / 2) return undefined;
  const queue = await askJson(ask, '/queue');
  if (!queue.ok) {
    if (queue.error.code === 'too-large') memory.set('too-long', remaining);
    return undefined;
  }
  memory.delete('too-long');
  // a queue entry is [number, id, graph, …]
  const running = listAt(queue.value, 'queue_running') ?? [];
  for (const entry of [...running, ...(listAt(queue.value, 'queue_pending') ?? [])]) {
    const id = textAt(entry, 1);
    if (id && !memory.has(jobKey(id))) memory.set(jobKey(id), QUEUED);
  }
  return at(running[0], 2);
}

type News = { readonly jobs: readonly Job[]; readonly newest: Json; readonly gap: boolean };

/**
 * Jobs of the history that were not counted yet, oldest first. The page grows until it reaches one that was.
 * `gap`: jobs may lie between those and the last one counted.
 */
async function newJobs(ask: Ask, memory: Memory): Promise<Result<News>> {
  const first = !memory.has('started');
  const counted = ([id]: Job): boolean => memory.get(jobKey(id)) === COUNTED;
  let found: readonly Job[] | undefined;
  for (let size = first ? LARGEST_PAGE : 1; ;) {
    const history = await askJson(ask, `/history?max_items=${size}`);
    if (!history.ok) {
      if (history.error.code !== 'too-large') return history;
      if (size > 1 && !found) size = 1;
      else if (found) return ok({ jobs: found, newest: found.at(-1)?.[1], gap: true });
      else return history;
      continue;
    }
    const page = entriesAt(history.value);
    const known = page.findLastIndex(counted);
    found = page.slice(known + 1);
    if (first || known >= 0 || page.length < size || size >= LARGEST_PAGE)
      return ok({ jobs: found, newest: page.at(-1)?.[1], gap: !first && known < 0 && page.length >= size });
    size *= 2;
  }
}

/** Jobs that were in the queue and may have ended, each by its own name: none of them is missed on a page. */
async function endedJobs(ask: Ask, memory: Memory): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (const id of idsIn(memory, QUEUED).slice(0, MOST_ASKED)) {
    const history = await askJson(ask, `/history/${encodeURIComponent(id)}`);
    const job = history.ok ? at(history.value, id) : undefined;
    if (job !== undefined) jobs.push([id, job]);
  }
  return jobs;
}

/** ComfyUI numbers its jobs in the order in which they were sent; one that was put first has its number negated. */
const numberOf = ([, job]: Job): number => Math.abs(Number(at(job, 'prompt', 0)));

/** Whether jobs follow the last one counted without a gap in their numbers. */
function isComplete(jobs: readonly Job[], last: number | undefined): boolean {
  const numbers = new Set(jobs.map(numberOf));
  const newest = Math.max(...numbers);
  if (last === undefined || !(newest > last && newest - last <= numbers.size)) return false;
  return Array.from({ length: newest - last }, (_, i) => last + 1 + i).every((number) => numbers.has(number));
}

/** Counts what jobs made, each once: the history drops its oldest jobs and can be cleared. */
function count(jobs: readonly Job[], memory: Memory): void {
  for (const [id, job] of jobs) {
    if (memory.get(jobKey(id)) === COUNTED) continue;
    memory.delete(jobKey(id)); // the newest are kept longest
    memory.set(jobKey(id), COUNTED);
    const number = numberOf([id, job]);
    if (Number.isSafeInteger(number)) memory.set('number', Math.max(number, memory.get('number') ?? 0));
    if (!memory.has('started')) continue;
    for (const [unit, made] of madeBy(job)) memory.set(`made:${unit}`, (memory.get(`made:${unit}`) ?? 0) + made);
  }
  for (const id of idsIn(memory, COUNTED).slice(0, -KNOWN_JOBS)) memory.delete(jobKey(id));
  for (const id of idsIn(memory, QUEUED).slice(0, -KNOWN_JOBS)) memory.delete(jobKey(id));
  memory.set('started', 1);
}

export const comfyui: Adapter = {
  async read(ask, memory) {
    const prompt = await askJson(ask, '/prompt');
    if (!prompt.ok) return prompt;
    const remaining = numberAt(prompt.value, 'exec_info', 'queue_remaining');
    if (remaining === undefined) return unknownForm('/prompt');
    const model = modelOf(await lookAtQueue(ask, memory, remaining));
    // it runs one job at a time
    const jobs = { running: Math.min(1, remaining), waiting: Math.max(0, remaining - 1) };

    const news = await newJobs(ask, memory);
    if (!news.ok && news.error.code !== 'too-large') return news;
    if (!news.ok) return ok(compact({ ...jobs, model, atLeast: true, note: text('workload.comfyuiJobTooLarge') }));
    const { jobs: fromPage, newest, gap } = news.value;
    const ended = gap ? [...(await endedJobs(ask, memory)), ...fromPage] : fromPage;
    const missed = gap && !isComplete(ended, memory.get('number'));
    const changed = ended.length > 0 || !memory.has('started');
    count(ended, memory);

    const made = outputUnits.flatMap((unit): readonly Made[] => {
      const sum = memory.get(`made:${unit}`);
      return sum === undefined ? [] : [{ unit, count: sum }];
    });
    const [first = { unit: 'image', count: 0 }, ...also] = made;
    return ok(
      compact({
        ...jobs,
        model: model ?? (changed ? modelOf(at(newest, 'prompt', 2)) : undefined),
        made: first,
        also: also.length > 0 ? also : undefined,
        atLeast: missed || undefined,
      }),
    );
  },
};
