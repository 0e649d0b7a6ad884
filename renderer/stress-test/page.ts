// The hidden page of the stress test: it runs WebGPU compute as ordered over its one port, and reports the work done.
import type { StressTestOrder, StressTestReport } from '../../app/load/messages.ts';
import { autoregressiveKernel, diffusionKernel, type Kernel } from './kernels.ts';

/** One submission lasts about this long: long enough to fill a card, short enough to stop at once. */
const SUBMIT_MS = 40;
const SLICE_MS = 200;
/** The autoregressive shape comes in bursts: tokens of one answer, then the next question. */
const BURST_MS = 5_000;
const PAUSE_MS = 1_000;
const REPORT_MS = 250;
const LARGEST_STREAM = 1024 * 1024 * 1024;
const LARGEST_MATRIX = 4096;

const LONGEST_DETAIL = 500; // as the schema in app/load/messages.ts limits it

const short = (detail: string): string => detail.slice(0, LONGEST_DETAIL);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Grows the work until one repetition takes a good part of a submission: so it is sized to the card. */
async function sized(device: GPUDevice, make: (step: number) => Kernel | undefined): Promise<Kernel> {
  let kernel = make(0)!;
  for (let step = 0; ; step++) {
    await submit(device, kernel, 1); // compiled and warm
    const startedMs = performance.now();
    await submit(device, kernel, 1);
    const next = performance.now() - startedMs < SUBMIT_MS / 4 ? make(step + 1) : undefined;
    if (!next) return kernel;
    kernel.free();
    kernel = next;
  }
}

async function submit(device: GPUDevice, kernel: Kernel, times: number): Promise<void> {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (let i = 0; i < times; i++) kernel.encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}

async function work(port: MessagePort): Promise<void> {
  const say = (report: StressTestReport): void => port.postMessage(report);
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return say({ type: 'failed', why: 'no-device' });
  const { info } = adapter;
  const limits = adapter.limits;
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize, LARGEST_STREAM);
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize: most, maxStorageBufferBindingSize: most },
  });
  void device.lost.then(({ message }) => say({ type: 'failed', why: 'device-lost', detail: short(message) }));
  // work that is refused is over at once: it must not count as done
  device.addEventListener('uncapturederror', ({ error }) =>
    say({ type: 'failed', why: 'error', detail: short(error.message) }),
  );
  const software = info.isFallbackAdapter ?? (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter ?? false;
  const name = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' ');
  say({ type: 'adapter', name, software });

  let order: StressTestOrder = { shape: 'diffusion', load: 0 };
  port.onmessage = ({ data }: MessageEvent<StressTestOrder>) => (order = data);
  const kernels: Partial<Record<StressTestOrder['shape'], Kernel>> = {};
  const kernelOf = async (shape: StressTestOrder['shape']): Promise<Kernel> =>
    (kernels[shape] ??= await sized(device, (step) => {
      const n = 256 * 2 ** step;
      const bytes = 2 ** (24 + step);
      if (shape === 'diffusion')
        return n <= LARGEST_MATRIX && n * n * 4 <= most ? diffusionKernel(device, n) : undefined;
      return bytes <= most ? autoregressiveKernel(device, bytes) : undefined;
    }));

  let done = { gflop: 0, gbyte: 0 };
  setInterval(() => {
    if (done.gflop > 0) say({ type: 'work', ...done });
    done = { gflop: 0, gbyte: 0 };
  }, REPORT_MS);

  let times = 1;
  for (;;) {
    const { shape, load } = order;
    const resting = shape === 'autoregressive' && performance.now() % (BURST_MS + PAUSE_MS) > BURST_MS;
    if (load <= 0 || resting) {
      await sleep(50);
      continue;
    }
    const kernel = await kernelOf(shape);
    const startedMs = performance.now();
    while (performance.now() - startedMs < SLICE_MS * load && order.load > 0) {
      const submittedMs = performance.now();
      await submit(device, kernel, times);
      done = { gflop: done.gflop + times * kernel.gflop, gbyte: done.gbyte + times * kernel.gbyte };
      const tookMs = performance.now() - submittedMs;
      times = Math.max(1, Math.min(1000, Math.round((times * SUBMIT_MS) / Math.max(1, tookMs))));
    }
    const workedMs = performance.now() - startedMs;
    await sleep(Math.max(0, (workedMs * (1 - load)) / load));
  }
}

window.addEventListener('message', ({ data, ports, source }) => {
  const [port] = ports;
  if (source !== window || data !== 'stressTest' || !port) return;
  work(port).catch((thrown: unknown) => {
    const report: StressTestReport = { type: 'failed', why: 'error', detail: short(String(thrown)) };
    port.postMessage(report);
  });
  port.start();
});
