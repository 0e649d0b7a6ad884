import type { GpuProcess } from '../source.ts';

/** An instance of one of Windows' counters, "pid_4321_luid_0x00000000_0x0000D9A7_phys_0", and its value. */
export type CounterItem = { readonly instance: string; readonly value: number };

/** Windows' counters of graphics cards under WDDM, for values that NVML does not have there. */
export type WindowsCounters = {
  /** \GPU Process Memory(*)\Dedicated Usage, bytes by process and adapter */
  readonly memory: readonly CounterItem[];
  /** \GPU Adapter Memory(*)\Dedicated Usage, bytes by adapter */
  readonly adapters: readonly CounterItem[];
  /** \GPU Engine(*)\Utilization Percentage, by process, adapter and engine; empty until there were two readings */
  readonly engines: readonly CounterItem[];
};

type Instance = { readonly pid?: number; readonly luid: string; readonly engine?: string };

const INSTANCE = /^(?:pid_(\d+)_)?luid_(0x[\da-f]+_0x[\da-f]+)(?:_phys_\d+)?(?:_eng_\d+_engtype_(.*))?$/i;
/** Engines that run shaders. Copy and video engines are separate and put no load on the SMs. */
const SHADING = /^(3D|Cuda|Compute)/i;
/** NVML and Windows read at different moments: their values for the memory of one card may differ by this share. */
const SAME_SHARE = 0.1;

function parse(text: string): Instance | undefined {
  const match = INSTANCE.exec(text);
  if (!match) return undefined;
  const [, pid, luid, engine] = match;
  return { luid: luid!.toLowerCase(), ...(pid && { pid: Number(pid) }), ...(engine && { engine }) };
}

/** Values by process on one adapter; `join` combines several values of one process. */
function byPid(
  items: readonly CounterItem[],
  luid: string,
  join: (a: number, b: number) => number,
  counts: (instance: Instance) => boolean = () => true,
): Map<number, number> {
  const values = new Map<number, number>();
  for (const { instance, value } of items) {
    const parsed = parse(instance);
    if (parsed?.pid === undefined || parsed.luid !== luid || !counts(parsed) || !(value >= 0)) continue;
    const before = values.get(parsed.pid);
    values.set(parsed.pid, before === undefined ? value : join(before, value));
  }
  return values;
}

/**
 * The Windows adapter that is a given NVML GPU: they share no name. It is the only adapter of the machine, or the only one
 * that holds memory of the GPU's processes and has about as much memory in use. Otherwise undefined: processes of the
 * desktop hold memory of an integrated GPU too, and perhaps only of that.
 */
function adapterOf(pids: ReadonlySet<number>, usedBytes: number | undefined, counters: WindowsCounters) {
  const holding = new Set<string>();
  for (const { instance, value } of counters.memory) {
    const parsed = parse(instance);
    if (parsed?.pid !== undefined && pids.has(parsed.pid) && value > 0) holding.add(parsed.luid);
  }
  const adapters = new Set(
    [...counters.adapters, ...counters.memory].flatMap(({ instance }) => parse(instance)?.luid ?? []),
  );
  if (adapters.size === 1) return [...holding][0];
  if (usedBytes === undefined) return undefined;
  const alike = counters.adapters.flatMap(({ instance, value }) => {
    const luid = parse(instance)?.luid;
    return luid && holding.has(luid) && Math.abs(value - usedBytes) <= SAME_SHARE * usedBytes ? [luid] : [];
  });
  return alike.length === 1 ? alike[0] : undefined;
}

/**
 * Adds to the processes of a GPU the memory, and if NVML has none the load, that Windows counted. Values of NVML take
 * precedence.
 * @param usedBytes the GPU's memory in use by NVML
 */
export function withCounters(
  processes: readonly GpuProcess[],
  usedBytes: number | undefined,
  counters: WindowsCounters,
): readonly GpuProcess[] {
  if (processes.every(({ vramBytes }) => vramBytes !== undefined)) return processes;
  const luid = adapterOf(new Set(processes.map(({ pid }) => pid)), usedBytes, counters);
  if (luid === undefined) return processes;
  const memory = byPid(counters.memory, luid, (a, b) => a + b);
  const load = byPid(counters.engines, luid, Math.max, ({ engine }) => engine !== undefined && SHADING.test(engine));
  return processes.map((process) => {
    const vramBytes = process.vramBytes ?? memory.get(process.pid);
    const share = load.get(process.pid);
    const smPct = process.smPct ?? (share === undefined ? undefined : Math.min(100, Math.round(share)));
    if (vramBytes === process.vramBytes && smPct === process.smPct) return process;
    return {
      ...process,
      ...(vramBytes !== undefined && { vramBytes }),
      ...(smPct !== undefined && { smPct }),
      countedBy: 'windows',
    };
  });
}
