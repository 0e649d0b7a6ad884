import { text } from '../../core/i18n.ts';
import { metricsServer, modelFromJson } from './prometheus.ts';

/** Text Generation Inference (docs, "Metrics"). The model is in GET /info. */
export const tgi = metricsServer({
  running: ['tgi_batch_current_size'],
  waiting: ['tgi_queue_size'],
  tokens: ['tgi_request_generated_tokens_sum'],
  promptTokens: ['tgi_request_input_length_sum'],
  model: modelFromJson('/info', 'model_id'),
  howToEnable: () => text('workload.enableMetrics.tgi'),
});
