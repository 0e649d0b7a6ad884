import { text } from '../../core/i18n.ts';
import { listAt, numberAt, textAt } from '../../core/json.ts';
import { ok } from '../../core/result.ts';
import { askJson, compact, unknownForm, type Adapter } from './adapter.ts';

/** Ollama (docs/api.md, "List running models"): which models are loaded. It counts no tokens; the servers that it starts do. */
export const ollama: Adapter = {
  async read(ask) {
    const answer = await askJson(ask, '/api/ps');
    if (!answer.ok) return answer;
    const models = listAt(answer.value, 'models');
    if (!models) return unknownForm('/api/ps');
    // of several loaded models, the one that uses most of the card's memory first
    const loaded = models
      .toSorted((a, b) => (numberAt(b, 'size_vram') ?? 0) - (numberAt(a, 'size_vram') ?? 0))
      .flatMap((model) => textAt(model, 'name') ?? textAt(model, 'model') ?? []);
    return ok(compact({ model: loaded[0], loaded, note: text('workload.ollamaCountsNoTokens') }));
  },
};
