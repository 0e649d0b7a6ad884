import { text } from '../../core/i18n.ts';
import { listAt, textAt } from '../../core/json.ts';
import { ok, type Result } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import {
  askJson,
  compact,
  sentence,
  withNext,
  type Adapter,
  type Ask,
  type Moment,
  type ServerStatus,
} from './adapter.ts';
import { modelFromJson, readMetrics, type MetricsServer } from './prometheus.ts';
import { readSlots } from './llama-slots.ts';

/** Prompt tokens are those that were processed, without what came from the cache. */
const metrics: MetricsServer = {
  running: ['llamacpp:requests_processing'],
  waiting: ['llamacpp:requests_deferred'],
  tokens: ['llamacpp:tokens_predicted_total'],
  promptTokens: ['llamacpp:prompt_tokens_total'],
  generatingSeconds: ['llamacpp:tokens_predicted_seconds_total'],
  model: modelFromJson('/props', 'model_path'),
  howToEnable: () => text('workload.enableMetrics.llamaCpp'),
};

/** An interface that is turned off, or that this version does not have. */
const NOT_EXPORTED: ReadonlySet<string> = new Set(['source-unavailable', 'not-found']);

/** Models of a router that are asked. */
const MOST_MODELS = 16;

/**
 * A server of one model, or one model of a router: its counters, or what its slots show if it exports none.
 * @param of which model, in the memory of a router
 */
async function readModel(ask: Ask, memory: Map<string, number>, now: Moment, of = ''): Promise<Result<ServerStatus>> {
  const counted = await readMetrics(metrics, ask);
  if (counted.ok || !NOT_EXPORTED.has(counted.error.code)) return counted;
  const seen = await readSlots(ask, memory, now, of);
  return seen.ok || !NOT_EXPORTED.has(seen.error.code) ? seen : withNext(seen, metrics.howToEnable());
}

/** Models that a router has loaded; undefined: it is no router. Listing them loads none. */
async function loadedModels(ask: Ask): Promise<readonly string[] | undefined> {
  const answer = await askJson(ask, '/models');
  const models = answer.ok ? listAt(answer.value, 'data') : undefined;
  if (!models?.some((model) => textAt(model, 'status', 'value') !== undefined)) return undefined;
  return models
    .flatMap((model) => (textAt(model, 'status', 'value') === 'loaded' ? (textAt(model, 'id') ?? []) : []))
    .slice(0, MOST_MODELS);
}

/** Adds to what a model made since it was first seen. The sum of all models must not fall when one is unloaded. */
function grown(memory: Map<string, number>, model: string, counter: 'made' | 'prompt', value: number): void {
  const last = memory.get(`${counter}:${model}`) ?? 0;
  memory.set(`${counter}:${model}`, value);
  memory.set(counter, (memory.get(counter) ?? 0) + (value >= last ? value - last : value));
}

/** A router (README, "Using multiple models"): it answers only for a named model. Only models that are loaded are asked. */
async function readRouter(
  ask: Ask,
  memory: Map<string, number>,
  now: Moment,
): Promise<Result<ServerStatus> | undefined> {
  const models = await loadedModels(ask);
  if (!models) return undefined;
  const statuses: ServerStatus[] = [];
  let failure: string | undefined;
  for (const model of models) {
    const query = `?model=${encodeURIComponent(model)}&autoload=false`;
    const read = await readModel((path) => ask(`${path}${query}`), memory, now, model);
    if (!read.ok) {
      failure ??= sentence(read.error);
      continue;
    }
    statuses.push({ ...read.value, model: shortModel(model) });
    if (read.value.made) grown(memory, model, 'made', read.value.made.count);
    if (read.value.promptTokens !== undefined) grown(memory, model, 'prompt', read.value.promptTokens);
  }
  const knows = models.length === 0 || statuses.some(({ made }) => made);
  return ok(
    compact({
      model: (statuses.find(({ running }) => running) ?? statuses[0])?.model,
      running: statuses.reduce((sum, { running = 0 }) => sum + running, 0),
      waiting: statuses.reduce((sum, { waiting = 0 }) => sum + waiting, 0),
      made: knows ? { unit: 'token', count: memory.get('made') ?? 0 } : undefined,
      promptTokens: memory.get('prompt'),
      atLeast: failure !== undefined || statuses.some(({ atLeast }) => atLeast) || undefined,
      note: failure ?? statuses.find(({ note }) => note)?.note,
    }),
  );
}

/**
 * llama.cpp's server (tools/server/README.md). GET /metrics needs --metrics, GET /slots is on by default, and a router of several
 * models answers both only for a named model.
 */
export const llamaCpp: Adapter = {
  async read(ask, memory, now = { loads: true }) {
    const own = await readModel(ask, memory, now);
    if (own.ok || own.error.code !== 'invalid-request') return own;
    return (await readRouter(ask, memory, now)) ?? own;
  },
};
