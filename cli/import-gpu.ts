import type { StoredGpu } from '../app/history/records.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import type { LogGpu } from '../app/telemetry/logs/log.ts';
import type { GpuIdentity } from '../app/telemetry/source.ts';

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');

/**
 * Under which GPU the samples of a log go: the one that the user names (by UUID or name in the history, or anew), else
 * the one whose UUID the log has, else one of the name that the log has. A model's name alone is never taken for a card
 * of the history: two machines may have the same model.
 * @param others GPUs of the same file that came before it
 */
export function identify(
  gpu: LogGpu,
  known: readonly StoredGpu[],
  wanted: string | undefined,
  others: number,
): Result<GpuIdentity> {
  if (gpu.uuid?.startsWith('SIM-')) {
    return err('invalid-argument', 'The recording is of a simulated GPU, and the history holds measured ones alone.');
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
        `The history has ${same.length} GPUs named ${name}.`,
        `Name one by its UUID: ${same.map(({ uuid }) => uuid).join(', ')}.`,
      );
    }
    return ok(same[0] ?? identity(`LOG-${slug(name)}`, name));
  }
  if (!gpu.name) {
    return err(
      'invalid-argument',
      'The log does not say which GPU it is about.',
      'Pass --gpu NAME: the name or UUID of a GPU in the history, or a new name.',
    );
  }
  const uuid = `LOG-${slug(gpu.name)}${gpu.key === '' ? '' : `-${slug(gpu.key)}`}`;
  return ok(known.find((stored) => stored.uuid === uuid) ?? identity(uuid, gpu.name));
}
