import type { Clock } from '../core/clock.ts';
import { ok } from '../core/result.ts';
import { openNvml } from './nvml/source.node.ts';
import { openReplay } from './replay/source.node.ts';
import { openSimulator } from './simulator/source.ts';
import { openSmi } from './smi/source.node.ts';
import type { OpenedSource, SourceSettings } from './source.ts';
import type { SourceSpec } from './source-spec.ts';

export type SourceContext = {
  readonly clock: Clock;
  readonly settings: SourceSettings;
  /** for replays */
  readonly speed: number;
  readonly nvmlWorkerUrl: URL;
};

/** Opens a source. `auto` takes NVML, else nvidia-smi, else the simulator, and says why it did not take the better one. */
export async function openSource(spec: SourceSpec, context: SourceContext): Promise<OpenedSource> {
  const { clock, settings, speed, nvmlWorkerUrl } = context;
  const { intervalMs } = settings;
  switch (spec.kind) {
    case 'nvml':
      return openNvml({ clock, settings, workerUrl: nvmlWorkerUrl, library: spec.library });
    case 'nvidia-smi':
      return openSmi({ clock, intervalMs, program: spec.program });
    case 'replay':
      return openReplay({ clock, file: spec.file, speed });
    case 'simulator':
      return ok(openSimulator({ clock, intervalMs, count: spec.count }));
    case 'auto': {
      const nvml = await openSource({ kind: 'nvml' }, context);
      if (nvml.ok) return nvml;
      const smi = await openSource({ kind: 'nvidia-smi' }, context);
      if (smi.ok) return smi;
      return ok(openSimulator({ clock, intervalMs, count: 1, because: nvml.error.message }));
    }
  }
}
