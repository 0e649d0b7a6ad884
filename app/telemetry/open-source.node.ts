import type { Clock } from '../core/clock.ts';
import { ok } from '../core/result.ts';
import { openNvml } from './nvml/source.node.ts';
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

/**
 * How each kind of source is opened. The code of a source is loaded when it is used: a recorder on NVML keeps no XML parser
 * in memory for months.
 */
const openers: Openers = {
  nvml: ({ library }, { clock, settings, nvmlWorkerUrl }) =>
    openNvml({ clock, settings, workerUrl: nvmlWorkerUrl, ...(library !== undefined && { library }) }),
  async 'nvidia-smi'({ program }, { clock, settings: { intervalMs } }) {
    const { openSmi } = await import('./smi/source.node.ts');
    return openSmi({ clock, intervalMs, ...(program !== undefined && { program }) });
  },
  async replay({ file }, { clock, speed }) {
    const { openReplay } = await import('./replay/source.node.ts');
    return openReplay({ clock, file, speed });
  },
  simulator: ({ count }, context) => simulate(context, count),
  /** NVML, else nvidia-smi, else the simulator, which then says why there is no driver. */
  async auto(_, context) {
    const nvml = await openers.nvml({ kind: 'nvml' }, context);
    if (nvml.ok) return nvml;
    const smi = await openers['nvidia-smi']({ kind: 'nvidia-smi' }, context);
    if (smi.ok) return smi;
    return simulate(context, 1, nvml.error.message);
  },
};

async function simulate({ clock, settings }: SourceContext, count: number, because?: string): Promise<OpenedSource> {
  const { openSimulator } = await import('./simulator/source.ts');
  const { intervalMs } = settings;
  return ok(openSimulator({ clock, intervalMs, count, ...(because !== undefined && { because }) }));
}

/** Opens the source that `spec` names. */
export const openSource = <K extends Kind>(spec: SpecOf<K> & { readonly kind: K }, context: SourceContext) =>
  openers[spec.kind](spec, context);
