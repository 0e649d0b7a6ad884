import { text } from '../../core/i18n.ts';
import { at, entriesAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { ok } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import {
  askJson,
  compact,
  unknownForm,
  withNext,
  type Adapter,
  type Ask,
  type FilesMade,
  type OutputFolders,
} from './adapter.ts';
import { mediaOf } from './media.ts';

/**
 * Stable Diffusion WebUI and its forks, when started with --api (modules/api/api.py, modules/shared_state.py; SD.Next:
 * modules/api/server.py). They report the current job, in passes: `job_count` is -1 until it is known, then batches,
 * doubled by hires fix, whatever the number of images in a batch. So images are counted as files in the output folders
 * that /sdapi/v1/options names. Its API saves none by default: of such a job, one image for each batch is certain.
 */
const STATUS = '/sdapi/v1/progress';

type Memory = Map<string, number>;
type State = {
  /** job_count: 0: idle; -1: not known yet */
  readonly jobs: number;
  readonly done: number;
  /** of the current pass; how many it has stays from the last job, whatever that was */
  readonly step: number;
  readonly steps: number;
  /** when the job, or the last one, began: yyyymmddhhmmss */
  readonly began: number;
  /** batches of the job and how many of them are complete, where it names them */
  readonly batches: number | undefined;
  readonly complete: number;
  readonly stopped: boolean;
  /** SD.Next, as far as it can be told: it splits one generation into many jobs, and saves in a separate one */
  readonly split: boolean;
};

function stateOf(progress: Json, readable: boolean): State | undefined {
  const state = at(progress, 'state');
  const [jobs, done] = [at(state, 'job_count'), at(state, 'job_no')];
  if (typeof jobs !== 'number' || typeof done !== 'number') return undefined;
  const batches = Number(/^Batch \d+ out of (\d+)/.exec(textAt(state, 'job') ?? '')?.[1] ?? Number.NaN) || undefined;
  return {
    jobs,
    done,
    step: numberAt(state, 'sampling_step') ?? 0,
    steps: numberAt(state, 'sampling_steps') ?? 0,
    began: Number(textAt(state, 'job_timestamp') ?? 0) || 0,
    batches,
    // with hires fix each batch is two passes
    complete: batches && jobs > 0 ? Math.min(batches, Math.floor((done * batches) / jobs)) : 0,
    stopped: at(state, 'interrupted') === true || at(state, 'skipped') === true,
    split: at(progress, 'id') !== undefined || (readable && at(state, 'stopping_generation') === undefined),
  };
}

/** Folders of finished images and videos. `outdir_samples` replaces the others, or (SD.Next) is what they are below. */
function foldersOf(options: Json): OutputFolders {
  const named = entriesAt(options).flatMap(([key, value]) =>
    key.startsWith('outdir_') && typeof value === 'string' && value.trim() !== '' ? [[key, value.trim()] as const] : [],
  );
  const all = named.find(([key]) => key === 'outdir_samples')?.[1];
  const isKept = (key: string): boolean => /_(samples|videos?)$/.test(key);
  const below = (folder: string): string[] => (all === undefined ? [folder] : [folder, `${all}/${folder}`]);
  return {
    folders: all === undefined ? named.flatMap(([key, folder]) => (isKept(key) ? [folder] : [])) : [all],
    without: named.flatMap(([key, folder]) => (isKept(key) ? [] : below(folder))),
  };
}

/** Saved beside an image, and not another one: a grid, a step on the way, a mask. */
const BESIDE = /^grid-|-(before-[a-z]+(-[a-z]+)?|init-image|mask(-composite)?)$/;

/** Images and videos among files. A large image is also saved as a smaller JPEG of the same name: they are one. */
function kept(files: readonly string[]): ReadonlySet<string> {
  return new Set(
    files.flatMap((file) => {
      const name = file
        .split(/[/\\]/)
        .at(-1)!
        .replace(/\.\w+$/, '');
      const unit = mediaOf(file);
      return (unit !== 'image' && unit !== 'video') || BESIDE.test(name)
        ? []
        : [`${unit}:${file.replace(/\.\w+$/, '')}`];
    }),
  );
}

const add = (memory: Memory, key: string, count: number): void => void memory.set(key, (memory.get(key) ?? 0) + count);

/** Counts new files. @returns whether the folders can be read */
async function countFiles(filesMade: FilesMade | undefined, where: OutputFolders | undefined, memory: Memory) {
  const files = await filesMade?.(where);
  if (!files) return false;
  for (const file of kept(files)) {
    add(memory, file.startsWith('video:') ? 'videos' : 'images', 1);
    add(memory, 'saved', 1);
  }
  return true;
}

/** What is certain of a job that saved nothing: each of its batches made an image, if it was seen sampling to its end. */
function certain(memory: Memory, stopped: boolean): number {
  if ((memory.get('step') ?? 0) === 0) return 0; // it was too short to be seen, or upscaled
  const complete = memory.get('complete') ?? 0;
  return stopped ? complete : Math.max(1, memory.get('batches') ?? 0, complete);
}

/** Settles a job that has ended. @returns whether images may have been missed */
function settle(memory: Memory, stopped: boolean): boolean {
  const saved = (memory.get('saved') ?? 0) > 0;
  const began = memory.has('step');
  const missed = began && !saved && (!stopped || (memory.get('done') ?? 0) > 0);
  add(memory, 'images', saved ? 0 : certain(memory, stopped));
  for (const key of ['saved', 'step', 'complete', 'batches', 'done']) memory.delete(key);
  return missed;
}

/** Follows the jobs from reading to reading. @returns whether images may have been missed */
function follow(state: State, memory: Memory): boolean {
  const { jobs, began, stopped, split } = state;
  const busy = jobs !== 0;
  const was = memory.get('busy') === 1;
  const other = memory.has('began') && memory.get('began') !== began;
  // one generation of SD.Next ends when two readings in a row find it idle
  const idle = busy ? 0 : (memory.get('idle') ?? 0) + 1;
  const ended = split ? idle === 2 : was && (!busy || other);
  let missed = false;
  if (ended) missed = settle(memory, memory.get('stopped') === 1 || (!busy && stopped));
  // a job began and ended between two readings: its files are counted, if it saved any
  else if (!split && !was && !busy && other) missed = !memory.get('saved');
  if (!busy && !split) memory.delete('saved');
  if (busy) {
    const { step, complete, done, batches = 0 } = state;
    for (const [key, value] of Object.entries({ step, complete, done, batches }))
      memory.set(key, Math.max(value, memory.get(key) ?? 0));
    memory.set('stopped', stopped ? 1 : 0);
  }
  memory.set('busy', busy ? 1 : 0);
  memory.set('idle', idle);
  memory.set('began', began);
  return missed;
}

async function optionsOf(ask: Ask): Promise<{ readonly model?: string; readonly where?: OutputFolders }> {
  const options = await askJson(ask, '/sdapi/v1/options');
  if (!options.ok) return {};
  const model = textAt(options.value, 'sd_model_checkpoint');
  return { where: foldersOf(options.value), ...(model && { model: shortModel(model.replace(/ \[[0-9a-f]+\]$/, '')) }) };
}

export const sdWebui: Adapter = {
  async read(ask, memory, filesMade) {
    const progress = await askJson(ask, `${STATUS}?skip_current_image=true`);
    if (!progress.ok)
      return progress.error.code === 'not-found' ? withNext(progress, text('workload.enableWebuiApi')) : progress;
    const jobs = at(progress.value, 'state', 'job_count');
    const busy = jobs !== 0;
    const changed = !memory.has('busy') || busy !== (memory.get('busy') === 1);
    const { model, where } = changed ? await optionsOf(ask) : {};
    const readable = await countFiles(filesMade, where, memory);
    const state = stateOf(progress.value, readable);
    if (!state) return unknownForm(STATUS);
    const missed = follow(state, memory);
    if (missed) memory.set('unsaved', 1);
    // without files, the batches of the current job that are complete. A reported number never decreases.
    const sure = (memory.get('images') ?? 0) + (readable ? 0 : (memory.get('complete') ?? 0));
    memory.set('reported', Math.max(sure, memory.get('reported') ?? 0));

    const { step, steps } = state;
    const videos = memory.get('videos');
    return ok(
      compact({
        running: busy ? 1 : 0,
        waiting: Math.max(0, state.jobs - state.done - 1),
        progress: busy && steps > 0 ? Math.min(1, step / steps) : undefined,
        model,
        made: { unit: 'image', count: memory.get('reported')! },
        also: videos ? [{ unit: 'video', count: videos }] : undefined,
        atLeast: missed || (!readable && busy) || undefined,
        note: !readable
          ? text('workload.webuiFoldersUnknown')
          : memory.has('unsaved')
            ? text('workload.webuiUnsaved')
            : undefined,
      }),
    );
  },
};
