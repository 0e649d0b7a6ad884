import { ok, type Result } from '../../core/result.ts';
import { publishOnce, type Broker } from './link.node.ts';
import { isHeld, readMqttState, writeMqttState } from './state-file.node.ts';

const LOOK_MS = 5_000;
const RETRY_MS = 10 * 60_000;

/**
 * Removes from the broker what was announced: an empty retained message deletes a topic, and Home Assistant then removes the
 * device. What was counted stays, so that the totals continue if it is switched on again. An error: it is still announced.
 */
export async function removeAnnounced(
  dataFolder: string,
  broker: Broker,
  signal?: AbortSignal,
): Promise<Result<undefined>> {
  const state = readMqttState(dataFolder);
  if (!state || state.announced.length === 0) return ok(undefined);
  const empty = state.announced.map((topic) => ({ topic, payload: '', retain: true }));
  const removed = await publishOnce(broker, empty, signal);
  return removed.ok ? writeMqttState(dataFolder, { ...state, announced: [] }) : removed;
}

export type RemovalOptions = {
  readonly dataFolder: string;
  /** whether the cards are to be devices of Home Assistant */
  readonly isWanted: () => boolean;
  readonly broker: () => Result<Broker>;
  readonly log: (entry: string) => void;
  readonly monoMs: () => number;
  readonly lookMs?: number;
};

/**
 * After it was switched off, removes the devices from the broker: as soon as the channel is closed, and again later if the
 * broker is away, also at the next start. Loads nothing while there is nothing to remove.
 * @returns ends it
 */
export function watchRemoval(options: RemovalOptions): () => Promise<void> {
  const { dataFolder, isWanted, broker, log, monoMs, lookMs = LOOK_MS } = options;
  const stopping = new AbortController();
  let done = false;
  let nextMs = -Infinity;
  let removing: Promise<void> | undefined;

  async function remove(): Promise<void> {
    const found = broker();
    const result = found.ok ? await removeAnnounced(dataFolder, found.value, stopping.signal) : found;
    done = result.ok;
    if (result.ok) log('Home Assistant: the devices were removed from the broker.');
    else nextMs = monoMs() + RETRY_MS;
  }

  function look(): void {
    if (isWanted()) {
      [done, nextMs] = [false, -Infinity];
      return;
    }
    if (done || removing || isHeld(dataFolder) || monoMs() < nextMs) return;
    if (!readMqttState(dataFolder)?.announced.length) {
      done = true;
      return;
    }
    removing = remove().finally(() => (removing = undefined));
  }

  const timer = setInterval(look, lookMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await removing;
  };
}
