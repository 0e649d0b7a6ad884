import type { Clock } from '../core/clock.ts';
import { ok } from '../core/result.ts';
import { openNvml } from './nvml/source.node.ts';
import { openReplay } from './replay/source.node.ts';
import { openSimulator } from './simulator/source.ts';
import { openSmi } from './smi/source.node.ts';
import type { OpenedSource, SourceSettings } from './source.ts';
import type { SourceSpec } from './sources.ts';

export type SourceContext = {
  readonly clock: Clock;
  readonly settings: SourceSettings;
  /** for replays: how many times faster than recorded */
  readonly speed: number;
  readonly nvmlWorkerUrl: URL;
};

type Kind = SourceSpec['kind'];
type SpecOf<K extends Kind> = Extract<SourceSpec, { readonly kind: K }>;
type Openers = { readonly [K in Kind]: (spec: SpecOf<K>, context: SourceContext) => Promise<OpenedSource> };

/** How each kind of source is opened. */
const openers: Openers = {
  nvml: ({ library }, { clock, settings, nvmlWorkerUrl }) =>
    openNvml({ clock, settings, workerUrl: nvmlWorkerUrl, ...(library !== undefined && { library }) }),
  'nvidia-smi': ({ program }, { clock, settings: { intervalMs } }) =>
    openSmi({ clock, intervalMs, ...(program !== undefined && { program }) }),
  replay: ({ file }, { clock, speed }) => openReplay({ clock, file, speed }),
  simulator: async ({ count }, { clock, settings: { intervalMs } }) => ok(openSimulator({ clock, intervalMs, count })),
  /** NVML, else nvidia-smi, else the simulator, which then says why there is no driver. */
  async auto(_, context) {
    const nvml = await openers.nvml({ kind: 'nvml' }, context);
    if (nvml.ok) return nvml;
    const smi = await openers['nvidia-smi']({ kind: 'nvidia-smi' }, context);
    if (smi.ok) return smi;
    const { clock, settings } = context;
    const because = nvml.error.message;
    return ok(openSimulator({ clock, intervalMs: settings.intervalMs, count: 1, because }));
  },
};

/** Opens the source that `spec` names. */
export const openSource = <K extends Kind>(spec: SpecOf<K> & { readonly kind: K }, context: SourceContext) =>
  openers[spec.kind](spec, context);
