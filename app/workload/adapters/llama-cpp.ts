import { text } from '../../core/i18n.ts';
import { metricsServer, modelFromJson } from './prometheus.ts';

/**
 * llama.cpp's server (tools/server/README.md, "GET /metrics"; needs --metrics). The model is in GET /props. Prompt tokens
 * are those that were processed, without what came from the cache, which is not reported.
 */
export const llamaCpp = metricsServer({
  running: ['llamacpp:requests_processing'],
  waiting: ['llamacpp:requests_deferred'],
  tokens: ['llamacpp:tokens_predicted_total'],
  promptTokens: ['llamacpp:prompt_tokens_total'],
  generatingSeconds: ['llamacpp:tokens_predicted_seconds_total'],
  model: modelFromJson('/props', 'model_path'),
  howToEnable: () => text('workload.enableMetrics.llamaCpp'),
});
