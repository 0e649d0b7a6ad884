import { numberAt, textAt } from '../../core/json.ts';
import { ok } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import { askJson, compact, unknownForm, type Adapter } from './adapter.ts';

/**
 * KoboldCpp (koboldcpp.py, "/api/extra/perf"): the number of generations since its start, and the tokens of the last one.
 * So tokens are exact where no more than one generation ended since the last reading, and otherwise at least those of
 * the last. What is being generated now is not counted yet: `last_token_count` is that of the last only when it is idle.
 */
const PERF = '/api/extra/perf';

export const koboldcpp: Adapter = {
  async read(ask, memory) {
    const perf = await askJson(ask, PERF);
    if (!perf.ok) return perf;
    const [made, tokens, read] = ['total_gens', 'last_token_count', 'last_input_count'].map((key) =>
      numberAt(perf.value, key),
    );
    const idle = numberAt(perf.value, 'idle');
    if (made === undefined || tokens === undefined || idle === undefined) return unknownForm(PERF);
    const images = numberAt(perf.value, 'total_img_gens');
    const before = memory.get('made');
    let missed = false;
    if (before === undefined || made < before) memory.set('made', made);
    else if (idle === 1 && made > before) {
      missed = made - before > 1;
      memory.set('made', made);
      memory.set('tokens', (memory.get('tokens') ?? 0) + tokens);
      memory.set('read', (memory.get('read') ?? 0) + (read ?? 0));
    }
    const model = memory.has('asked') ? undefined : await askJson(ask, '/api/v1/model');
    memory.set('asked', 1);
    const name = model?.ok ? textAt(model.value, 'result') : undefined;
    return ok(
      compact({
        running: idle === 1 ? 0 : 1,
        waiting: numberAt(perf.value, 'queue'),
        model: name && shortModel(name.replace(/^koboldcpp\//, '')),
        made: { unit: 'token', count: memory.get('tokens') ?? 0 },
        also: images === undefined ? undefined : [{ unit: 'image', count: images }],
        promptTokens: read === undefined ? undefined : (memory.get('read') ?? 0),
        atLeast: missed || undefined,
      }),
    );
  },
};
