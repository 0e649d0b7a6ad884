import { text } from '../../core/i18n.ts';
import { listAt, numberAt, textAt } from '../../core/json.ts';
import { ok } from '../../core/result.ts';
import { askJson, compact, unknownForm, type Adapter } from './adapter.ts';

/** Ollama (docs/api.md, "List running models"): which models are loaded. It does not count tokens. */
export const ollama: Adapter = {
  async read(ask) {
    const loaded = await askJson(ask, '/api/ps');
    if (!loaded.ok) return loaded;
    const models = listAt(loaded.value, 'models');
    if (!models) return unknownForm('/api/ps');
    // of several loaded models, the one that uses most of the card's memory
    const largest = [...models].sort((a, b) => (numberAt(b, 'size_vram') ?? 0) - (numberAt(a, 'size_vram') ?? 0))[0];
    const model = textAt(largest, 'name') ?? textAt(largest, 'model');
    return ok(compact({ model, note: text('workload.ollamaCountsNoTokens') }));
  },
};
