import { text } from '../../core/i18n.ts';
import { metricsServer, modelFromLabel } from './prometheus.ts';

/** SGLang (docs, "Production metrics"; needs --enable-metrics). */
export const sglang = metricsServer({
  running: ['sglang:num_running_reqs'],
  waiting: ['sglang:num_queue_reqs'],
  tokens: ['sglang:generation_tokens_total'],
  promptTokens: ['sglang:prompt_tokens_total'],
  cachedPromptTokens: ['sglang:cached_tokens_total'], // one series per source of the cache
  model: modelFromLabel('model_name'),
  howToEnable: () => text('workload.enableMetrics.sglang'),
});
