// One measurement in a separate process, with nothing else in memory: the cost of a sample, ours or of another program.
import { createRequire } from 'node:module';
import { systemClock } from '../app/core/clock.node.ts';
import { openNvml } from '../app/telemetry/nvml/source.node.ts';

export type Probe = {
  readonly what: 'nvml' | 'node-nvidia-smi';
  /** the stand-in driver, for `nvml` */
  readonly library?: string;
  /** time between samples; 0: one after the other, as fast as they come */
  readonly intervalMs: number;
  /** samples, as fast as they come, before any is counted: as after a while of running */
  readonly warmSamples: number;
  readonly measureMs: number;
};

export type Measured = {
  readonly samples: number;
  /** CPU time of all threads, a sample */
  readonly cpuMs: number;
  /** from the first call of a sample to its last, mean; `nvml` only */
  readonly wallMs: number;
  /** how far each sample came from its place on the grid; `nvml` only */
  readonly strayMs: readonly number[];
};

type Sampler = {
  readonly next: () => Promise<{ readonly monoMs: number; readonly tookMs: number }>;
  readonly setInterval: (ms: number) => void;
};

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const FASTEST_MS = 1;

async function nvml({ library }: Probe): Promise<Sampler> {
  const settings = { intervalMs: FASTEST_MS, pcieThroughput: false };
  const workerUrl = new URL('../node/nvml-worker.js', import.meta.url);
  const opened = await openNvml({ clock: systemClock, settings, workerUrl, library });
  if (!opened.ok) throw new Error(opened.error.message);
  const source = opened.value;
  return {
    next: () => source.read(5_000),
    setInterval: (ms) => source.configure({ ...settings, intervalMs: Math.max(FASTEST_MS, ms) }),
  };
}

/** The package as its README shows it: a call a sample, here on a timer or one after the other. */
function nodeNvidiaSmi(): Sampler {
  const smi = createRequire(import.meta.url)('node-nvidia-smi') as (
    done: (error: unknown, data: unknown) => void,
  ) => void;
  let intervalMs = 0;
  return {
    async next() {
      const monoMs = performance.now();
      await new Promise<void>((resolve, reject) =>
        smi((error, data) => (data ? resolve() : reject(new Error(String(error))))),
      );
      const tookMs = performance.now() - monoMs;
      if (intervalMs > tookMs) await sleep(intervalMs - tookMs);
      return { monoMs, tookMs };
    },
    setInterval: (ms) => (intervalMs = ms),
  };
}

async function measure(probe: Probe): Promise<Measured> {
  const sampler = probe.what === 'nvml' ? await nvml(probe) : nodeNvidiaSmi();
  for (let i = 0; i < probe.warmSamples; i++) await sampler.next();
  sampler.setInterval(probe.intervalMs);
  for (let i = 0; i < 3; i++) await sampler.next();
  const untilMs = performance.now() + probe.measureMs;
  const before = process.cpuUsage();
  const [tookMs, stampsMs]: [number[], number[]] = [[], []];
  while (performance.now() < untilMs) {
    const sample = await sampler.next();
    tookMs.push(sample.tookMs);
    stampsMs.push(sample.monoMs);
  }
  const { user, system } = process.cpuUsage(before);
  const samples = tookMs.length;
  return {
    samples,
    cpuMs: (user + system) / 1000 / samples,
    wallMs: tookMs.reduce((a, b) => a + b, 0) / samples,
    strayMs: stampsMs.slice(1).map((stamp, i) => Math.abs(stamp - stampsMs[i]! - probe.intervalMs)),
  };
}

const probe = JSON.parse(process.argv[2]!) as Probe;
const measured = await measure(probe);
process.stdout.write(JSON.stringify(measured), () => process.exit());
