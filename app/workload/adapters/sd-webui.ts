import { text } from '../../core/i18n.ts';
import { numberAt, textAt } from '../../core/json.ts';
import { ok } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import { askJson, compact, unknownForm, withNext, type Adapter } from './adapter.ts';

/**
 * Stable Diffusion WebUI and its forks, when started with --api (their wiki, "API"; models ProgressResponse and Options).
 * It reports only the current job, so images are counted when that job is seen to end. A job that begins and ends between
 * two requests is missed.
 */
export const sdWebui: Adapter = {
  async read(ask, memory) {
    const progress = await askJson(ask, '/sdapi/v1/progress?skip_current_image=true');
    if (!progress.ok)
      return progress.error.code === 'not-found' ? withNext(progress, text('workload.enableWebuiApi')) : progress;
    const share = numberAt(progress.value, 'progress');
    const jobs = numberAt(progress.value, 'state', 'job_count');
    const done = numberAt(progress.value, 'state', 'job_no');
    if (share === undefined || jobs === undefined || done === undefined) return unknownForm('/sdapi/v1/progress');
    const busy = jobs > 0 && share < 1;
    let made = memory.get('made') ?? 0;
    const [jobsBefore, doneBefore] = [memory.get('jobs') ?? 0, memory.get('done') ?? 0];
    if (jobsBefore > 0 && (jobs === 0 || done < doneBefore))
      made += jobsBefore - doneBefore; // the batch has ended
    else if (jobsBefore > 0) made += done - doneBefore;
    memory.set('made', made);
    memory.set('jobs', jobs);
    memory.set('done', jobs > 0 ? done : 0);

    let model: string | undefined;
    if (!memory.has('asked') || busy !== (memory.get('busy') === 1)) {
      const options = await askJson(ask, '/sdapi/v1/options');
      model = options.ok ? textAt(options.value, 'sd_model_checkpoint') : undefined;
      memory.set('asked', 1);
    }
    memory.set('busy', busy ? 1 : 0);
    const [step, steps] = [
      numberAt(progress.value, 'state', 'sampling_step'),
      numberAt(progress.value, 'state', 'sampling_steps'),
    ];
    return ok(
      compact({
        running: busy ? 1 : 0,
        waiting: Math.max(0, jobs - done - 1),
        progress: busy ? (steps ? Math.min(1, (step ?? 0) / steps) : share) : undefined,
        model: model && shortModel(model.replace(/ \[[0-9a-f]+\]$/, '')),
        made: { unit: 'image', count: made },
      }),
    );
  },
};
