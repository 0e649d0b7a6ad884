import { text } from '../../core/i18n.ts';
import { metricsServer, modelFromLabel } from './prometheus.ts';

/** vLLM (docs, "Production metrics"). */
export const vllm = metricsServer({
  running: ['vllm:num_requests_running'],
  waiting: ['vllm:num_requests_waiting'],
  tokens: ['vllm:generation_tokens_total', 'vllm:generation_tokens'],
  promptTokens: ['vllm:prompt_tokens_total', 'vllm:prompt_tokens'],
  model: modelFromLabel('model_name'),
  howToEnable: () => text('workload.enableMetrics.vllm'),
});
