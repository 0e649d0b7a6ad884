// What reading costs: the NVML source alone (calls, decoding, thread, copy), against others on the same stand-in driver.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../app/clock.node.ts';
import { openNvml } from '../app/telemetry/nvml/source.node.ts';
import { decodeDocument } from '../app/telemetry/smi/document.ts';
import { NODE_FLAGS } from '../scripts/slowburn.mjs';
import { compileMock } from '../test/support/mock-nvml.ts';
import { cpuMsEach, nodeNvidiaSmi } from './baseline.ts';
import { documentOf } from './documents.ts';
import { percentile, rounded } from './stats.ts';

type Context = { readonly say: (text: string) => void };

const checkout = process.cwd();
const workerUrl = new URL('../out/node/nvml-worker.js', import.meta.url);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const WARM_MS = 5_000;
const MEASURE_MS = 10_000;
const JITTER_MS = 5 * 60_000;
/** What a core draws while it works: a round figure for a desktop processor, to turn time into energy. */
const WATTS_A_CORE = 10;

/** Opens the source on the stand-in driver and reads until `work` has ended. */
async function reading<T>(gpus: number, intervalMs: number, work: (seen: Seen) => Promise<T>): Promise<T> {
  process.env['MOCK_NVML_COUNT'] = String(gpus);
  const opened = await openNvml({
    clock: systemClock,
    settings: { intervalMs, pcieThroughput: false },
    workerUrl,
    library: compileMock(),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const source = opened.value;
  const seen: Seen = { ticks: 0, tookMs: [], stampsMs: [] };
  let going = true;
  const loop = (async () => {
    while (going) {
      const { monoMs, tookMs } = await source.read(5_000);
      seen.ticks++;
      seen.tookMs.push(tookMs);
      seen.stampsMs.push(monoMs);
    }
  })();
  const result = await work(seen);
  going = false;
  await source.close();
  await loop;
  delete process.env['MOCK_NVML_COUNT']; // the stand-in asks for it as long as it runs
  return result;
}
type Seen = { ticks: number; tookMs: number[]; stampsMs: number[] };

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** CPU and wall time a tick, one after the other. */
const perTick = (gpus: number) =>
  reading(gpus, 5, async (seen) => {
    await sleep(WARM_MS);
    seen.tookMs.length = 0;
    const cpuMs = await cpuMsEach(MEASURE_MS, () => seen.ticks);
    return { cpuMs: rounded(cpuMs), wallMs: rounded(mean(seen.tookMs)) };
  });

/** Share of one core that reading at some rate takes, %. */
const coreShare = (gpus: number, intervalMs: number) =>
  reading(gpus, intervalMs, async (seen) => {
    await sleep(WARM_MS);
    const each = await cpuMsEach(2 * MEASURE_MS, () => seen.ticks);
    return rounded((100 * each) / intervalMs);
  });

/** How far the time between ticks strays from its grid while every core is busy. */
const jitter = (gpus: number, intervalMs: number) =>
  reading(gpus, intervalMs, async (seen) => {
    const busy = os.cpus().map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    await sleep(2_000);
    seen.stampsMs.length = 0;
    await sleep(JITTER_MS);
    for (const child of busy) child.kill('SIGKILL');
    const stray = seen.stampsMs.slice(1).map((stamp, i) => Math.abs(stamp - seen.stampsMs[i]! - intervalMs));
    return {
      ticks: stray.length,
      p50Ms: rounded(percentile(stray, 0.5)),
      p99Ms: rounded(percentile(stray, 0.99)),
      worstMs: rounded(Math.max(...stray)),
    };
  });

/** CPU time for one document of `nvidia-smi -q -x -l`, decoded as our own second source does. */
function decoding(gpus: number): number {
  const { xml } = documentOf(gpus);
  const decode = (ms: number): number => {
    const until = performance.now() + ms;
    let documents = 0;
    const before = process.cpuUsage();
    while (performance.now() < until) {
      decodeDocument(xml);
      documents++;
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / documents;
  };
  decode(2_000);
  return rounded(decode(5_000));
}

/** CPU time a tick of Python's binding asking the same of the same stand-in; undefined where it is not installed. */
function python(gpus: number): number | 'not installed' {
  const script = `
import sys, time, ctypes
try:
    import pynvml
except ImportError:
    sys.exit(3)
pynvml.nvmlLib = ctypes.CDLL(sys.argv[1])
pynvml._LoadNvmlLibrary = lambda: None
pynvml.nvmlInit()
devices = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
fields = [82, 185, 186, 74, 76, 269, 270, 271]
def tick():
    for d in devices:
        pynvml.nvmlDeviceGetTemperature(d, 0); pynvml.nvmlDeviceGetPowerUsage(d)
        pynvml.nvmlDeviceGetTotalEnergyConsumption(d); pynvml.nvmlDeviceGetUtilizationRates(d)
        pynvml.nvmlDeviceGetMemoryInfo(d); pynvml.nvmlDeviceGetPerformanceState(d)
        for c in range(3): pynvml.nvmlDeviceGetClockInfo(d, c)
        pynvml.nvmlDeviceGetFieldValues(d, fields)
for _ in range(200): tick()
start = time.process_time(); n = 1000
for _ in range(n): tick()
print((time.process_time() - start) * 1000 / n)
`;
  const { status, stdout } = spawnSync('python3', ['-c', script, compileMock()], {
    encoding: 'utf8',
    env: { ...process.env, MOCK_NVML_COUNT: String(gpus) },
  });
  return status === 0 ? rounded(Number(stdout)) : 'not installed';
}

/** Memory of the headless recorder after as many ticks as an hour has at one a second. */
async function recorderRssMiB(gpus: number): Promise<number> {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-rss-'));
  const args = ['monitor', '--source', `nvml:${compileMock()}`, '--data-dir', data, '--interval', '0.1'];
  const child = spawn(process.execPath, [...NODE_FLAGS, path.join(checkout, 'out/node/slowburn.js'), ...args], {
    stdio: 'ignore',
    env: { ...process.env, MOCK_NVML_COUNT: String(gpus) },
  });
  await sleep(3600 * 100);
  const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGINT');
  await ended;
  fs.rmSync(data, { recursive: true });
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024);
}

export async function run({ say }: Context) {
  say('a tick of 1, 8 and 64 GPUs');
  const tick = { gpus1: await perTick(1), gpus8: await perTick(8), gpus64: await perTick(64) };
  say('64 GPUs ten times a second');
  const corePct64GpusAt10Hz = await coreShare(64, 100);
  const corePct8GpusAt1Hz = await coreShare(8, 1000);
  say('node-nvidia-smi');
  const others = {
    nodeNvidiaSmi8Gpus: rounded(await nodeNvidiaSmi(8)),
    nvidiaSmiLoopDecoded8Gpus: decoding(8),
    pythonBinding8Gpus: python(8),
  };
  say('jitter with a busy machine, five minutes');
  const jitterAt10Hz = await jitter(8, 100);
  say('memory of the recorder after 3,600 ticks, six minutes');
  const recorderRss = await recorderRssMiB(8);
  return {
    tick,
    corePct64GpusAt10Hz,
    corePct8GpusAt1Hz,
    cpuJoulesADay8GpusAt1Hz: rounded((corePct8GpusAt1Hz / 100) * 86_400 * WATTS_A_CORE),
    wattsACore: WATTS_A_CORE,
    cpuMsATickOfOthers: others,
    ratioToNodeNvidiaSmi: rounded(others.nodeNvidiaSmi8Gpus / tick.gpus8.cpuMs),
    jitterAt10Hz,
    recorderRssMiBAfter3600Ticks: recorderRss,
  };
}
