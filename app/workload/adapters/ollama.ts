import { ok } from '../../core/result.ts';
import { askJson, malformed, told, type Adapter } from './adapter.ts';
import { listAt, numberAt, textAt } from '../../core/json.ts';

/** Ollama (docs/api.md, "List running models"): which models are loaded. It counts no tokens: `slowburn meter` does. */
export const ollama: Adapter = {
  id: 'ollama',
  async read(ask) {
    const loaded = await askJson(ask, '/api/ps');
    if (!loaded.ok) return loaded;
    const models = listAt(loaded.value, 'models');
    if (!models) return malformed('/api/ps');
    // the one that holds most of the card
    const largest = [...models].sort((a, b) => (numberAt(b, 'size_vram') ?? 0) - (numberAt(a, 'size_vram') ?? 0))[0];
    return ok(
      told({
        model: textAt(largest, 'name') ?? textAt(largest, 'model'),
        note: 'Ollama does not count its tokens. Put slowburn meter before it to count them.',
      }),
    );
  },
};
