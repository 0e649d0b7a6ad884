import { text } from '../../core/i18n.ts';
import { metricsServer, modelFromLabel } from './prometheus.ts';

/** vLLM (docs, "Production metrics"), and Aphrodite Engine, whose metrics have its own name in front. */
export const vllm = metricsServer({
  running: ['vllm:num_requests_running', 'aphrodite:num_requests_running'],
  waiting: ['vllm:num_requests_waiting', 'aphrodite:num_requests_waiting'],
  tokens: ['vllm:generation_tokens_total', 'vllm:generation_tokens', 'aphrodite:generation_tokens_total'],
  promptTokens: ['vllm:prompt_tokens_total', 'vllm:prompt_tokens', 'aphrodite:prompt_tokens_total'],
  // the first counts a request once; hits of the prefix cache also count a request that was preempted and resumed
  cachedPromptTokens: ['vllm:prompt_tokens_cached_total', 'vllm:prefix_cache_hits_total', 'vllm:prefix_cache_hits'],
  model: modelFromLabel('model_name'),
  howToEnable: () => text('workload.enableMetrics.vllm'),
});
