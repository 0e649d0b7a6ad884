// What reading costs: the NVML source alone (calls, decoding, thread, copy), against others on the same stand-in driver.
import { execFile, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { decodeDocument } from '../app/telemetry/smi/document.ts';
import { NODE_FLAGS } from '../scripts/slowburn.mjs';
import { compileMock } from '../test/support/mock-nvml.ts';
import { stubNvidiaSmi } from './baseline.ts';
import { documentOf } from './documents.ts';
import type { Measured, Probe } from './probe.ts';
import { median, percentile, rounded, size } from './stats.ts';

type Context = { readonly say: (text: string) => void };

const checkout = process.cwd();
const probeFile = path.join(checkout, 'out/bench/probe.js');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** As V8 compiles during the first minutes of a recorder. */
const WARM_SAMPLES = size(3_600, 50);
const RECORDED_TICKS = size(600, 20);
const MEASURE_MS = size(7_000, 1_500);
const ROUNDS = size(3, 1);
const JITTER_MS = size(60_000, 2_000);
const NOT_INSTALLED = 3; // exit code
/** What a core draws while it works: a round figure for a desktop processor, to turn time into energy. */
const WATTS_A_CORE = 10;

/** Builds the probe as the product is built: the same bundler, and nothing else in its process's memory. */
async function buildProbe(): Promise<void> {
  await build({
    configFile: false,
    root: checkout,
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node20',
      outDir: path.dirname(probeFile),
      rolldownOptions: {
        input: path.join(checkout, 'bench/probe.ts'),
        external: ['koffi', /^node:/],
        output: { format: 'es', entryFileNames: path.basename(probeFile) },
      },
    },
  });
}

async function measured(probe: Probe, flags: readonly string[], env: NodeJS.ProcessEnv): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, probeFile, JSON.stringify(probe)], {
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as Measured;
}

/** Our source on the stand-in driver, in a process with the flags of a recorder. */
const ours = (gpus: number, intervalMs: number, measureMs = MEASURE_MS): Promise<Measured> =>
  measured({ what: 'nvml', library: compileMock(), intervalMs, warmSamples: WARM_SAMPLES, measureMs }, NODE_FLAGS, {
    MOCK_NVML_COUNT: String(gpus),
  });

/** node-nvidia-smi on a stub that prints a document; the stub's own time is not counted. */
async function theirs(gpus: number, intervalMs: number, measureMs = MEASURE_MS): Promise<Measured> {
  const folder = stubNvidiaSmi(gpus);
  try {
    return await measured({ what: 'node-nvidia-smi', intervalMs, warmSamples: size(50, 2), measureMs }, [], {
      PATH: `${folder}:${process.env['PATH']}`,
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Both at the same pace, in turn, because a machine is not the same from one minute to the next; the medians. */
async function against(gpus: number, intervalMs: number, measureMs = MEASURE_MS) {
  const own: Measured[] = [];
  const other: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await ours(gpus, intervalMs, measureMs));
    other.push(await theirs(gpus, intervalMs, measureMs));
  }
  const cpuMs = (all: readonly Measured[]): number => median(all.map((one) => one.cpuMs));
  return { own: cpuMs(own), other: cpuMs(other), wallMs: median(own.map((one) => one.wallMs)) };
}

/** How far ticks stray from their grid while every core is busy. */
async function jitter(gpus: number, intervalMs: number) {
  const busy = os.cpus().map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  try {
    const { strayMs } = await ours(gpus, intervalMs, JITTER_MS);
    return {
      ticks: strayMs.length,
      p50Ms: rounded(percentile(strayMs, 0.5)),
      p99Ms: rounded(percentile(strayMs, 0.99)),
      worstMs: rounded(Math.max(...strayMs)),
    };
  } finally {
    for (const child of busy) child.kill('SIGKILL');
  }
}

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
  decode(size(2_000, 100));
  return rounded(decode(size(5_000, 100)));
}

/** CPU time a tick of Python's binding asking the same of the same stand-in; undefined where it is not installed. */
function python(gpus: number): number | 'not installed' {
  const script = `
import sys, time, ctypes
try:
    import pynvml
except ImportError:
    sys.exit(${NOT_INSTALLED})
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
  // a distribution's package is seen by its own interpreter alone
  for (const interpreter of ['python3', '/usr/bin/python3']) {
    const { status, stdout, stderr } = spawnSync(interpreter, ['-c', script, compileMock()], {
      encoding: 'utf8',
      env: { ...process.env, MOCK_NVML_COUNT: String(gpus) },
    });
    if (status === 0) return rounded(Number(stdout));
    if (status !== null && status !== NOT_INSTALLED) throw new Error(stderr);
  }
  return 'not installed';
}

/** Memory of the headless recorder after some ticks, MiB. */
async function recorderRssMiB(gpus: number): Promise<number> {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-rss-'));
  const args = ['monitor', '--source', `nvml:${compileMock()}`, '--data-dir', data, '--interval', '0.1', '--quiet'];
  const child = spawn(process.execPath, [...NODE_FLAGS, path.join(checkout, 'out/node/slowburn.js'), ...args], {
    stdio: 'ignore',
    env: { ...process.env, MOCK_NVML_COUNT: String(gpus) },
  });
  await sleep(RECORDED_TICKS * 100);
  const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGINT');
  await ended;
  fs.rmSync(data, { recursive: true });
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024);
}

export async function run({ say }: Context) {
  await buildProbe();
  say('a tick of 8 GPUs, one after the other, against node-nvidia-smi');
  const fastest = await against(8, 0);
  const tickOf = ({ cpuMs, wallMs }: Measured) => ({ cpuMs: rounded(cpuMs), wallMs: rounded(wallMs) });
  say('1 GPU, 64 GPUs');
  const tick = {
    gpus1: tickOf(await ours(1, 0)),
    gpus8: { cpuMs: rounded(fastest.own), wallMs: rounded(fastest.wallMs) },
    gpus64: tickOf(await ours(64, 0)),
  };
  say('64 GPUs ten times a second');
  const corePct64GpusAt10Hz = rounded((await ours(64, 100, 2 * MEASURE_MS)).cpuMs);
  say('8 GPUs once a second, against node-nvidia-smi');
  const aSecond = await against(8, 1000, 2 * MEASURE_MS);
  say('other ways');
  const others = {
    nodeNvidiaSmi8Gpus: rounded(fastest.other),
    nodeNvidiaSmi8GpusOncePerSecond: rounded(aSecond.other),
    nvidiaSmiLoopDecoded8Gpus: decoding(8),
    pythonBinding8Gpus: python(8),
  };
  say('jitter with a busy machine, one minute');
  const jitterAt10Hz = await jitter(8, 100);
  say('memory of the recorder, one minute');
  const recorderRss = await recorderRssMiB(8);
  return {
    tick: { ...tick, gpus8OncePerSecond: { cpuMs: rounded(aSecond.own), wallMs: rounded(aSecond.wallMs) } },
    corePct64GpusAt10Hz,
    corePct8GpusAt1Hz: rounded(aSecond.own / 10),
    cpuJoulesADay8GpusAt1Hz: rounded((aSecond.own / 1000) * 86_400 * WATTS_A_CORE),
    wattsACore: WATTS_A_CORE,
    cpuMsATickOfOthers: others,
    ratioToNodeNvidiaSmi: rounded(fastest.other / fastest.own),
    ratioToNodeNvidiaSmiOncePerSecond: rounded(aSecond.other / aSecond.own),
    jitterAt10Hz,
    recorderTicks: RECORDED_TICKS,
    recorderRssMiB: recorderRss,
  };
}
