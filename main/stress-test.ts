import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { app } from 'electron';
import { text } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { createStressTestCard } from '../app/load/card.ts';
import {
  stressTestReport,
  stressTestWays,
  type StressTestOrder,
  type StressTestStatus,
  type StressTestWay,
} from '../app/load/messages.ts';
import { createSchedule, standardPlan, type StressTestPlan, type StressTestShape } from '../app/load/schedule.ts';

export type StressTestRequest = {
  readonly shape: StressTestShape;
  readonly gpuUuid: string;
  readonly plan: Partial<StressTestPlan>;
};

/** Chromium's own Vulkan on the processor. No other driver is loaded: a broken one may be the reason for using it. */
const PROCESSOR_DRIVER = path.join(path.dirname(process.execPath), 'vk_swiftshader_icd.json');
const STEP_MS = 250;
const idle: StressTestStatus = {
  running: false,
  phase: 'idle',
  shape: 'diffusion',
  elapsedMs: 0,
  load: 0,
  gflop: 0,
  gbyte: 0,
  soak: { gflop: 0, gbyte: 0, ms: 0 },
};

/** Runs the stress test by its schedule, in its own process. One at a time. */
export function createStressTest(dataFolder: string, onStatus: (status: StressTestStatus) => void) {
  let status = idle;
  let child: ChildProcess | undefined;
  let schedule: ReturnType<typeof createSchedule> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let request: StressTestRequest | undefined;
  let card = createStressTestCard('');

  const set = (change: Partial<StressTestStatus>): void => onStatus((status = { ...status, ...change }));

  function end(change: Partial<StressTestStatus>): void {
    clearInterval(timer);
    child?.removeAllListeners('exit');
    if (child) release(child);
    child = undefined;
    schedule = undefined;
    set({ ...change, running: false, load: 0, phase: 'ended' });
  }

  /** Ends a process: by closing its input, and by force after three seconds. */
  function release(started: ChildProcess): void {
    started.stdin?.end();
    const kill = setTimeout(() => started.kill('SIGKILL'), 3000).unref();
    started.once('exit', () => clearTimeout(kill));
  }

  /** @param ways launch methods not tried yet; the first is tried now */
  function launch([way, ...others]: readonly StressTestWay[]): void {
    const own = app.isPackaged ? [] : [app.getAppPath()];
    const args = [...own, `--burn=${way}`, '--data-dir', dataFolder, '--log-level=3'];
    const env = way === 'software' ? { ...process.env, VK_DRIVER_FILES: PROCESSOR_DRIVER } : process.env;
    const started = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], env });
    child = started;
    let found = false;
    /** This launch method failed. If it found no device, the next one is tried once the process has exited. */
    const fail = (error: string): void => {
      if (child !== started) return;
      if (found || others.length === 0) return end({ ending: 'failed', error });
      const next = (): void => {
        if (child === started) launch(others);
      };
      if (started.exitCode !== null || started.signalCode !== null) return next();
      started.removeAllListeners('exit').on('exit', next);
      release(started);
    };
    started.stdin.on('error', () => undefined); // the process has ended: `exit` reports it
    started.on('error', (error) => end({ ending: 'failed', error: error.message }));
    started.on('exit', () => fail(text('main.stressTest.ended')));
    createInterface({ input: started.stdout }).on('line', (line) => {
      if (child !== started) return;
      const report = stressTestReport.safeParse(parse(line));
      if (!report.success) return; // a message of Chromium
      const { data } = report;
      if (data.type === 'work') add(data);
      else if (data.type === 'failed') fail(text(`main.stressTest.fault.${data.why}`, { detail: data.detail ?? '' }));
      else if (data.software && way !== 'software') fail(text('main.stressTest.noCard'));
      else {
        found = true;
        begin(data.name || text('main.stressTest.unnamed'), data.software);
      }
    });
  }

  function add(done: { readonly gflop: number; readonly gbyte: number }): void {
    const { gflop, gbyte, soak, phase } = status;
    set({
      gflop: gflop + done.gflop,
      gbyte: gbyte + done.gbyte,
      ...(phase === 'soak' && { soak: { ...soak, gflop: soak.gflop + done.gflop, gbyte: soak.gbyte + done.gbyte } }),
    });
  }

  function begin(adapter: string, software: boolean): void {
    set({ adapter, software });
    const startedMs = performance.now();
    let soakedMs: number | undefined;
    const running = createSchedule({ ...standardPlan, ...request!.plan }, !software);
    schedule = running;
    timer = setInterval(() => {
      const elapsedMs = performance.now() - startedMs;
      const heat = software ? undefined : card.take();
      const { phase, load, ending } = running.step(elapsedMs, heat?.tempC, heat?.hottestC);
      if (ending) return end({ ending, elapsedMs });
      const order: StressTestOrder = { shape: request!.shape, load };
      child?.stdin?.write(`${JSON.stringify(order)}\n`);
      if (phase === 'soak') soakedMs ??= elapsedMs;
      const soak = phase === 'soak' ? { ...status.soak, ms: elapsedMs - soakedMs! } : status.soak;
      set({ phase, load, elapsedMs, soak });
    }, STEP_MS);
  }

  return {
    status: () => status,
    start(next: StressTestRequest): Result<StressTestStatus> {
      if (status.running) return err('not-ready', text('main.stressTest.running'));
      request = next;
      card = createStressTestCard(next.gpuUuid);
      set({
        ...idle,
        running: true,
        shape: next.shape,
        adapter: undefined,
        software: undefined,
        energyJ: undefined,
        tempC: undefined,
        peakTempC: undefined,
        elsewhere: undefined,
        ending: undefined,
        error: undefined,
      });
      launch(stressTestWays);
      return ok(status);
    },
    stop(): void {
      if (status.running) end({ ending: 'aborted' });
    },
    /** Takes the readings of the cards during the test. */
    feed(tick: Tick): void {
      if (!status.running || !schedule || status.software) return;
      card.feed(tick, status.phase === 'ramp' || status.phase === 'soak');
      set(card.figures());
    },
  };
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined; // not a report
  }
};
