import { text } from '../../core/i18n.ts';
import type { Result } from '../../core/result.ts';
import type { ServerProcess } from '../programs/servers.ts';
import { compact, sentence, type ServerStatus } from './adapter.ts';

/** What one server of a program answered. */
export type Reading = { readonly server: ServerProcess; readonly id: string; readonly result: Result<ServerStatus> };

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((total, value) => (value === undefined ? total : (total ?? 0) + value), undefined);

type Answer = { readonly server: ServerProcess; readonly status: ServerStatus };

/**
 * The name of the model that a server runs. Of several names of the same weights, one that the program says is loaded. Where
 * the names cannot be read, the only one that is loaded.
 */
function modelOf({ server: { models, model }, status }: Answer, loaded: readonly string[]): string | undefined {
  const named = models.find((name) => loaded.includes(name)) ?? models[0];
  return named ?? (loaded.length === 1 ? loaded[0] : (model ?? status.model));
}

/** Of several servers, the one that works names the model. */
function modelOfAll(answers: readonly Answer[], leader: number): string | undefined {
  const loaded = answers.flatMap(({ status }) => status.loaded ?? []);
  const started = answers.filter(({ server }) => server.pid !== leader);
  const working = started.find(({ status }) => status.running) ?? (started.length === 1 ? started[0] : undefined);
  if (working) return modelOf(working, loaded);
  return answers.find(({ status }) => status.model)?.status.model;
}

/**
 * One status of all servers of a program; counters are those of the first that counts. The servers that did not answer make
 * the count a minimum. Undefined: none answered.
 * @param leader PID of the process that leads the program. Where it starts other servers, it counts nothing itself.
 */
export function combined(readings: readonly Reading[], leader: number): ServerStatus | undefined {
  const answers = readings.flatMap(({ server, result }) => (result.ok ? [{ server, status: result.value }] : []));
  if (answers.length === 0) return undefined;
  const statuses = answers.map(({ status }) => status);
  const counting = readings.length > 1 ? readings.filter(({ server }) => server.pid !== leader) : readings;
  // one that is still starting has made nothing
  const silent = counting.flatMap(({ result }) =>
    result.ok || result.error.code === 'not-ready' ? [] : [result.error],
  );
  const made = statuses.find((status) => status.made)?.made;
  const note =
    silent.length > 0
      ? text('workload.silentServers', { count: silent.length, all: counting.length, why: sentence(silent[0]!) })
      : statuses.find((status) => status.note && Boolean(status.made) === Boolean(made))?.note;
  // of what is not combined, the first server that reports it counts; of those, one that works
  const working = statuses.find((status) => status.running);
  const first = Object.assign({}, ...statuses.toReversed(), working) as ServerStatus;
  return compact({
    ...first,
    made,
    running: sum(statuses.map((status) => status.running)),
    waiting: sum(statuses.map((status) => status.waiting)),
    promptTokens: statuses.find((status) => status.promptTokens !== undefined)?.promptTokens,
    promptAtLeast: statuses.some((status) => status.promptAtLeast) || undefined,
    cachedPromptTokens: statuses.find((status) => status.cachedPromptTokens !== undefined)?.cachedPromptTokens,
    generatingMs: statuses.find((status) => status.generatingMs !== undefined)?.generatingMs,
    atLeast: silent.length > 0 || statuses.some((status) => status.atLeast) || undefined,
    model: modelOfAll(answers, leader),
    loaded: undefined,
    note,
  });
}
