import type { StoredGpu } from '../app/history/records.ts';
import { text } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import type { LogGpu } from '../app/telemetry/logs/log.ts';
import { SIMULATED, type GpuIdentity } from '../app/telemetry/source.ts';

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');

/**
 * The GPU to which the samples of a log belong: the one that the user names (a UUID or name in the history, or a new
 * name), else the one with the UUID in the log, else a new one with the name in the log. A model name alone never matches
 * a card of the history: two machines may have the same model.
 * @param others number of GPUs before it in the same file
 */
export function identify(
  gpu: LogGpu,
  known: readonly StoredGpu[],
  wanted: string | undefined,
  others: number,
): Result<GpuIdentity> {
  if (gpu.uuid?.startsWith(SIMULATED)) {
    return err('invalid-argument', text('cli.import.simulated'));
  }
  const identity = (uuid: string, name: string): GpuIdentity => {
    const { vbios, architecture } = gpu;
    return {
      uuid,
      name,
      index: gpu.index ?? known.length,
      pciBusId: gpu.pciBusId ?? '',
      ...(vbios ? { vbios } : {}),
      ...(architecture ? { architecture } : {}),
    };
  };
  if (wanted === undefined && gpu.uuid) {
    return ok(known.find(({ uuid }) => uuid === gpu.uuid) ?? identity(gpu.uuid, gpu.name ?? 'NVIDIA GPU'));
  }
  if (wanted !== undefined) {
    const name = others === 0 ? wanted : `${wanted} #${gpu.key || others + 1}`;
    const same = known.filter((stored) => stored.uuid === name || stored.name === name);
    if (same.length > 1) {
      return err(
        'invalid-argument',
        text('cli.import.sameName', { count: same.length, name }),
        text('cli.import.nameUuid', { uuids: same.map(({ uuid }) => uuid).join(', ') }),
      );
    }
    return ok(same[0] ?? identity(`LOG-${slug(name)}`, name));
  }
  if (!gpu.name) {
    return err('invalid-argument', text('cli.import.noName'), text('cli.import.passName'));
  }
  const uuid = `LOG-${slug(gpu.name)}${gpu.key === '' ? '' : `-${slug(gpu.key)}`}`;
  return ok(known.find((stored) => stored.uuid === uuid) ?? identity(uuid, gpu.name));
}
