import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import { publishOnce, type Broker } from './link.node.ts';
import { readMqttState, writeMqttState } from './state-file.node.ts';

/** Whether something is announced to Home Assistant, on a broker that may be away. */
export const isAnnounced = (dataFolder: string): boolean => (readMqttState(dataFolder)?.announced.length ?? 0) > 0;

/**
 * Removes from the broker what was announced: an empty retained message deletes a topic, and Home Assistant then removes the
 * device. What was counted stays, so that the totals continue if it is switched on again. An error: it is still announced.
 */
export async function removeAnnounced(dataFolder: string, broker: Broker): Promise<Result<undefined>> {
  const state = readMqttState(dataFolder);
  if (!state || state.announced.length === 0) return ok(undefined);
  const empty = state.announced.map((topic) => ({ topic, payload: '', retain: true }));
  const removed = await publishOnce(broker, empty);
  return removed.ok ? writeMqttState(dataFolder, { ...state, announced: [] }) : removed;
}
