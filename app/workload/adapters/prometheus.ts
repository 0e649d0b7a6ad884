import { text } from '../../core/i18n.ts';
import { textAt } from '../../core/json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import { askJson, compact, withNext, type Adapter, type Ask, type ServerStatus } from './adapter.ts';

/** One line of the text exposition format. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const NAME = /^[a-zA-Z_:][\w:]*/;
/** The look-behind keeps it linear: without it, a long word would be tried from each of its letters. */
const LABEL = /(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const MOST_LINES = 50_000;
const MOST_SAMPLES = 1000;
const LONGEST_LINE = 8192;

/**
 * Reads the named samples of Prometheus' text format (prometheus.io, "Exposition formats", 0.0.4). Skips lines that do
 * not match, and limits how much is read, whatever a server sends.
 */
export function parseExposition(body: string, names: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = [];
  for (const line of body.split('\n', MOST_LINES)) {
    if (line.length > LONGEST_LINE || !names.has(NAME.exec(line)?.[0] ?? '')) continue;
    const fields = LINE.exec(line);
    if (!fields) continue;
    if (samples.length >= MOST_SAMPLES) break;
    const value = Number(fields[3]!.replace(/^([+-]?)Inf$/, '$1Infinity'));
    if (Number.isNaN(value)) continue;
    const labels = Object.fromEntries([...(fields[2] ?? '').matchAll(LABEL)].map(([, key, label]) => [key!, label!]));
    samples.push({ name: fields[1]!, labels, value });
  }
  return samples;
}

/**
 * Labels of processes that do the same work together. SGLang's schedulers export the same requests once per rank of tensor,
 * pipeline and expert parallelism (scheduler_metrics); ranks of data parallelism have requests of their own.
 */
const SAME_WORK: ReadonlySet<string> = new Set(['tp_rank', 'pp_rank', 'moe_ep_rank']);

/** One value for what several processes export of the same work. With priorities, the empty one holds the sum of the others. */
function distinct(samples: readonly Sample[]): readonly number[] {
  const summed = samples.filter(({ labels }) => labels['priority'] === '');
  const values = new Map<string, number>();
  for (const { labels, value } of summed.length > 0 ? summed : samples) {
    const own = Object.entries(labels).filter(([label]) => !SAME_WORK.has(label));
    const key = JSON.stringify(own.toSorted(([a], [b]) => a.localeCompare(b, 'en')));
    values.set(key, Math.max(value, values.get(key) ?? 0));
  }
  return [...values.values()];
}

/** Sum over all label sets of the first name that is present. Absent is not 0. */
function sumOf(samples: readonly Sample[], names: readonly string[]): number | undefined {
  for (const name of names) {
    const found = samples.filter(
      (sample) => sample.name === name && Number.isFinite(sample.value) && sample.value >= 0,
    );
    if (found.length > 0) return distinct(found).reduce((sum, value) => sum + value, 0);
  }
  return undefined;
}

type FindModel = (ask: Ask, samples: readonly Sample[]) => Promise<string | undefined>;

/** Names of the metrics that a server exports. Of several names of one metric, the first that is present counts. */
export type MetricsServer = {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
  readonly tokens: readonly string[];
  readonly promptTokens: readonly string[];
  /** those of `promptTokens` that came from a cache */
  readonly cachedPromptTokens?: readonly string[];
  /** counter of the seconds spent generating. A gauge of tokens per second is no substitute: some are means since the start. */
  readonly generatingSeconds?: readonly string[];
  readonly model: FindModel;
  /** what to do when the server exports no metrics, as a sentence */
  readonly howToEnable: () => string;
};

/** Reads the metrics that a server exports. */
export async function readMetrics(server: MetricsServer, ask: Ask): Promise<Result<ServerStatus>> {
  const { cachedPromptTokens = [], generatingSeconds = [] } = server;
  const names = new Set([
    ...server.running,
    ...server.waiting,
    ...server.tokens,
    ...server.promptTokens,
    ...cachedPromptTokens,
    ...generatingSeconds,
  ]);
  const body = await ask('/metrics');
  if (!body.ok) {
    const disabled = body.error.code === 'not-found' || body.error.code === 'source-unavailable';
    return disabled ? withNext(body, server.howToEnable()) : body;
  }
  const samples = parseExposition(body.value, names);
  const running = sumOf(samples, server.running);
  const tokens = sumOf(samples, server.tokens);
  if (running === undefined && tokens === undefined)
    return err('invalid-request', text('workload.noKnownMetrics'), server.howToEnable());
  const seconds = sumOf(samples, generatingSeconds);
  const model = await server.model(ask, samples);
  return ok(
    compact({
      running,
      waiting: sumOf(samples, server.waiting),
      made: tokens === undefined ? undefined : { unit: 'token', count: tokens },
      promptTokens: sumOf(samples, server.promptTokens),
      cachedPromptTokens: sumOf(samples, cachedPromptTokens),
      generatingMs: seconds === undefined ? undefined : seconds * 1000,
      model: model && shortModel(model),
    }),
  );
}

/** The adapter of a server that exports Prometheus metrics. */
export const metricsServer = (server: MetricsServer): Adapter => ({ read: (ask) => readMetrics(server, ask) });

export const modelFromLabel =
  (label: string): FindModel =>
  async (_ask, samples) =>
    samples.find(({ labels }) => labels[label])?.labels[label];

export const modelFromJson =
  (path: string, field: string): FindModel =>
  async (ask) => {
    const answer = await askJson(ask, path);
    return answer.ok ? textAt(answer.value, field) : undefined;
  };
