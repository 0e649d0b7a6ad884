import type { StoredAlert } from '../alerts/schema.ts';
import type { ResponseOf } from '../contract/channels.ts';
import type { OwnCost } from '../core/own-cost.ts';
import { ok, type Result } from '../core/result.ts';
import type { Settings } from '../settings/settings.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { RecorderStatus } from './recorder-status.node.ts';
import { attach } from './socket/attach.node.ts';
import { systemPlaces } from './socket/places.node.ts';

/**
 * What the machine's recorder records, asked on its socket: its folder is its own. An error: none runs, this user may not
 * ask it (`forbidden`), or it is of another version.
 */
export async function systemStatus(): Promise<Result<RecorderStatus>> {
  let tick: Tick | undefined;
  let firing: readonly StoredAlert[] = [];
  let settings: Settings | undefined;
  let cost: OwnCost | undefined;
  const attached = await attach({
    find: systemPlaces,
    events: {
      onTick: (now) => (tick = now),
      onAlerts: (now) => (firing = now),
      onSettings: (now) => (settings = now),
      onCost: (now) => (cost = now),
    },
  });
  if (!attached.ok) return attached;
  const { hello, ask, close } = attached.value;
  // its answer comes after the state that a new client is sent
  const asked = await ask('history.storage', { retentionDays: null, historyCapMb: null });
  close();
  const { dataFolder: folder, pid, databaseFile, source, startedBy, sinceMs } = hello();
  const fault = tick?.fault;
  return ok({
    folder,
    state: fault ? 'faulty' : 'recording',
    recorder: {
      pid,
      databaseFile,
      source,
      startedBy,
      sinceMs,
      cards: tick?.gpus.map(({ gpu }) => gpu.name) ?? [],
      ...(settings && { intervalMs: settings.intervalMs }),
      ...(fault && { fault: { message: fault.message, ...(fault.next !== undefined && { next: fault.next }) } }),
      ...(cost && { cost }),
    },
    firing: ok(firing),
    historyBytes: asked.ok ? (asked.value as ResponseOf<'history.storage'>).storage.fileBytes : undefined,
  });
}
