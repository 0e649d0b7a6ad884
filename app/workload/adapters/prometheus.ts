import { err, ok, type Result } from '../../core/result.ts';
import type { AdapterId } from './ids.ts';
import { shortModel } from '../programs/match.ts';
import { askJson, told, type Adapter } from './adapter.ts';
import { textAt } from '../../core/json.ts';

/** One line of the text exposition format. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const NAME = /^[a-zA-Z_:][\w:]*/;
/** A name begins where no name goes on: without that, a long word would be tried from each of its letters. */
const LABEL = /(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const MOST_LINES = 50_000;
const MOST_SAMPLES = 1000;
const LONGEST_LINE = 8192;

/**
 * Reads the named samples of Prometheus' text format (prometheus.io, "Exposition formats", 0.0.4). Lines that do not fit
 * are passed over, and there is an end to how much is read, whatever a server sends.
 */
export function parseExposition(text: string, names: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    if (line.length > LONGEST_LINE || !names.has(NAME.exec(line)?.[0] ?? '')) continue;
    const fields = LINE.exec(line);
    if (!fields) continue;
    if (samples.length >= MOST_SAMPLES) break;
    const value = Number(fields[3]!.replace(/^([+-]?)Inf$/, '$1Infinity'));
    if (Number.isNaN(value)) continue;
    const labels = Object.fromEntries([...(fields[2] ?? '').matchAll(LABEL)].map(([, key, text]) => [key!, text!]));
    samples.push({ name: fields[1]!, labels, value });
  }
  return samples;
}

type Metrics = {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
  readonly tokens: readonly string[];
  readonly promptTokens: readonly string[];
  readonly speed?: string;
};

/** Sum over label sets of the first name that is there. Absent is not 0. */
function sumOf(samples: readonly Sample[], names: readonly string[]): number | undefined {
  for (const name of names) {
    const found = samples.filter(
      (sample) => sample.name === name && Number.isFinite(sample.value) && sample.value >= 0,
    );
    if (found.length > 0) return found.reduce((sum, { value }) => sum + value, 0);
  }
  return undefined;
}

/** A server that exports Prometheus metrics. `how` says what to start it with when it does not. */
const metricsServer = (
  id: AdapterId,
  metrics: Metrics,
  how: string,
  model: (ask: Parameters<Adapter['read']>[0], samples: readonly Sample[]) => Promise<string | undefined>,
): Adapter => ({
  id,
  async read(ask) {
    const { running: runs, waiting: waits, tokens: makes, promptTokens: reads, speed: rate } = metrics;
    const names = new Set([...runs, ...waits, ...makes, ...reads, ...(rate === undefined ? [] : [rate])]);
    const text = await ask('/metrics');
    if (!text.ok) {
      const off = ['not-found', 'forbidden'].includes(text.error.code) || /501/.test(text.error.message);
      return off ? { ok: false, error: { ...text.error, next: how } } : text;
    }
    const samples = parseExposition(text.value, names);
    const running = sumOf(samples, metrics.running);
    const tokens = sumOf(samples, metrics.tokens);
    if (running === undefined && tokens === undefined)
      return err('invalid-request', 'The program’s /metrics hold none of the figures that are known of it.', how);
    const speed = rate === undefined ? undefined : sumOf(samples, [rate]);
    const name = await model(ask, samples);
    return ok(
      told({
        running,
        waiting: sumOf(samples, metrics.waiting),
        made: tokens === undefined ? undefined : { unit: 'token', count: tokens },
        promptTokens: sumOf(samples, metrics.promptTokens),
        speed: speed === undefined ? undefined : { value: speed, unit: 'tok/s' },
        model: name && shortModel(name),
      }),
    );
  },
});

const labelOf =
  (label: string) =>
  async (_ask: unknown, samples: readonly Sample[]): Promise<string | undefined> =>
    samples.find(({ labels }) => labels[label])?.labels[label];

const jsonOf =
  (path: string, field: string) =>
  async (ask: Parameters<Adapter['read']>[0]): Promise<string | undefined> => {
    const answer: Result<unknown> = await askJson(ask, path);
    return answer.ok ? textAt(answer.value, field) : undefined;
  };

/** llama.cpp's server (tools/server/README.md, "GET /metrics"; needs --metrics), model from GET /props. */
export const llamaCpp = metricsServer(
  'llama.cpp',
  {
    running: ['llamacpp:requests_processing'],
    waiting: ['llamacpp:requests_deferred'],
    tokens: ['llamacpp:tokens_predicted_total'],
    promptTokens: ['llamacpp:prompt_tokens_total'],
    speed: 'llamacpp:predicted_tokens_seconds',
  },
  'Start the server with --metrics.',
  jsonOf('/props', 'model_path'),
);

/** vLLM (docs, "Production metrics"). */
export const vllm = metricsServer(
  'vllm',
  {
    running: ['vllm:num_requests_running'],
    waiting: ['vllm:num_requests_waiting'],
    tokens: ['vllm:generation_tokens_total', 'vllm:generation_tokens'],
    promptTokens: ['vllm:prompt_tokens_total', 'vllm:prompt_tokens'],
  },
  'Start vLLM without --disable-log-stats.',
  labelOf('model_name'),
);

/** SGLang (docs, "Production metrics"; needs --enable-metrics). */
export const sglang = metricsServer(
  'sglang',
  {
    running: ['sglang:num_running_reqs'],
    waiting: ['sglang:num_queue_reqs'],
    tokens: ['sglang:generation_tokens_total'],
    promptTokens: ['sglang:prompt_tokens_total'],
    speed: 'sglang:gen_throughput',
  },
  'Start SGLang with --enable-metrics.',
  labelOf('model_name'),
);

/** Text Generation Inference (docs, "Metrics"), model from GET /info. */
export const tgi = metricsServer(
  'tgi',
  {
    running: ['tgi_batch_current_size'],
    waiting: ['tgi_queue_size'],
    tokens: ['tgi_request_generated_tokens_sum'],
    promptTokens: ['tgi_request_input_length_sum'],
  },
  'Ask the router’s own port.',
  jsonOf('/info', 'model_id'),
);
