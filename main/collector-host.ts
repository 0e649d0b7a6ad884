import { utilityProcess, type UtilityProcess } from 'electron';
import { channels, type ChannelOf, type CollectorStatus } from '../app/contract/channels.ts';
import type { CollectorConfig, FromCollector, ToCollector } from '../app/recorder/collector-messages.ts';
import { resultOf } from '../app/core/schema.ts';
import { tick as tickSchema } from '../app/telemetry/schema.ts';
import type { OwnCost } from '../app/core/own-cost.ts';
import type { LimitField } from '../app/history/retention/limits.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import type { JobState } from '../app/jobs/jobs.ts';
import { text } from '../app/core/i18n.ts';
import { err, messageOf, type Result } from '../app/core/result.ts';
import { log } from './log.ts';
import type { PriceBook } from '../app/workload/prices/market.ts';
import type { Settings } from '../app/settings/settings.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import type { GovernorEntry } from '../app/governor/policy.ts';

export type HostEvents = {
  readonly onTick: (tick: Tick) => void;
  readonly onAlerts: (firing: readonly StoredAlert[], told: readonly StoredAlert[]) => void;
  readonly onSessions: () => void;
  readonly onAction: (action: GovernorEntry) => void;
  readonly onCost: (cost: OwnCost) => void;
  readonly onPrices: (book: PriceBook | undefined) => void;
  readonly onJob: (job: JobState) => void;
  readonly onStatus: (status: CollectorStatus) => void;
};

export type CollectorHost = {
  readonly status: () => CollectorStatus;
  readonly ask: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly applySettings: (settings: Settings, suspended: readonly LimitField[]) => void;
  /** Lets the collector finish its writing; resolves when its process has gone. */
  readonly stop: () => Promise<void>;
  readonly pid: () => number | undefined;
};

const START_DEADLINE_MS = 45_000; // opening a driver or a large history can take a while
const SILENCE_MS = 6_000;
const CHECK_MS = 1_000;
const ANSWER_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 5_000;
const HEALTHY_MS = 60_000;
const BACK_OFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
/** Errors that may pass: Slowburn tries again. The others need a person. */
const RETRY_MS: Partial<Record<string, number>> = {
  'database-busy': 5_000,
  'source-unavailable': 15_000,
  'database-unusable': 15_000,
};

/**
 * Keeps one collector process alive: handshake, heartbeat, restart with back-off. A collector that hangs is killed, one
 * that ends is restarted, and the time without samples is marked as a gap in the history.
 */
export function startCollectorHost(
  script: string,
  config: Omit<CollectorConfig, 'restarted' | 'startedBy'>,
  events: HostEvents,
): CollectorHost {
  let child: UtilityProcess | undefined;
  let { settings, suspended } = config;
  let status: CollectorStatus = { state: 'starting', restarts: 0, dataFolder: config.dataFolder };
  let stopping = false;
  let failures = 0;
  let startedMs = 0;
  let lastSignMs = 0;
  let nextId = 1;
  let retry: NodeJS.Timeout | undefined;
  const open = new Map<number, (result: Result<unknown>) => void>();

  const setStatus = (change: Partial<CollectorStatus>): void => {
    status = { ...status, ...change };
    events.onStatus(status);
  };
  const send = (message: ToCollector): void => child?.postMessage(message);

  function start(): void {
    startedMs = lastSignMs = performance.now();
    const started = utilityProcess.fork(script, [], { serviceName: 'Slowburn collector', stdio: 'inherit' });
    child = started;
    started.on('message', (message: FromCollector) => {
      if (child === started) take(message);
    });
    started.on('exit', (code) => {
      if (child === started) onExit(code);
    });
  }

  /** A message that cannot be used must not end the window's process. */
  function take(message: FromCollector): void {
    lastSignMs = performance.now();
    try {
      onMessage(message);
    } catch (thrown) {
      drop(message.type, messageOf(thrown));
    }
  }

  function onMessage(message: FromCollector): void {
    switch (message.type) {
      case 'hello':
        return send({
          type: 'start',
          config: { ...config, settings, suspended, restarted: status.restarts > 0, startedBy: 'window' },
        });
      case 'started':
        return setStatus({ state: 'running', error: undefined, setAside: message.setAside ?? status.setAside });
      case 'failed':
        log(`The recorder could not start: ${message.error.message}`);
        return setStatus({ state: 'failed', error: message.error });
      case 'tick': {
        const tick = tickSchema.safeParse(message.tick);
        if (tick.success) events.onTick(tick.data as Tick);
        else drop('tick', tick.error.issues.map(({ path, message: why }) => `${path.join('.')}: ${why}`)[0]);
        if (performance.now() - startedMs > HEALTHY_MS) failures = 0;
        return;
      }
      case 'alerts':
        return events.onAlerts(message.firing, message.told);
      case 'notice':
        return setStatus({ notice: message.notice });
      case 'sessions':
        return events.onSessions();
      case 'action':
        return events.onAction(message.action);
      case 'cost':
        return events.onCost(message.cost);
      case 'prices':
        return events.onPrices(message.book);
      case 'job':
        return events.onJob(message.job);
      case 'response':
        open.get(message.id)?.(message.result);
        open.delete(message.id);
        return;
      case 'heartbeat':
        if (status.state === 'silent') setStatus({ state: 'running' });
    }
  }

  /** Counted and shown in the foot of the window; the first of each process is logged. */
  function drop(type: string, why: string | undefined): void {
    if (status.unread === undefined) log(`An update of the recorder could not be read: ${type}: ${why}`);
    setStatus({ unread: (status.unread ?? 0) + 1 });
  }

  function onExit(code: number): void {
    child = undefined;
    for (const resolve of open.values()) resolve(err('not-ready', text('main.recorder.restarting')));
    open.clear();
    if (stopping) return setStatus({ state: 'stopped' });
    if (status.state === 'failed') {
      const retryMs = RETRY_MS[status.error?.code ?? ''];
      if (retryMs !== undefined) retry = setTimeout(start, retryMs);
      return;
    }
    log(`The recorder ended with code ${code}. It is started again.`);
    setStatus({ state: 'restarting', restarts: status.restarts + 1 });
    retry = setTimeout(start, BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)]);
  }

  function kill(): void {
    const pid = child?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGKILL'); // a process that hangs in the driver ignores anything milder
  }

  const watchdog = setInterval(() => {
    if (!child || stopping) return;
    const silentMs = performance.now() - lastSignMs; // does not advance in suspend; neither does the collector
    const deadlineMs = status.state === 'running' || status.state === 'silent' ? SILENCE_MS : START_DEADLINE_MS;
    if (silentMs > deadlineMs) {
      log(`The recorder did not answer for ${Math.round(silentMs / 1000)} s and is stopped.`);
      kill();
    } else if (status.state === 'running' && silentMs > SILENCE_MS / 2) setStatus({ state: 'silent' });
  }, CHECK_MS);

  start();
  return {
    status: () => status,
    pid: () => child?.pid,
    async ask(channel, payload) {
      if (status.state !== 'running' && status.state !== 'silent') {
        return err('not-ready', text('main.recorder.notRunning'));
      }
      const id = nextId++;
      const answer = await new Promise<Result<unknown>>((resolve) => {
        const timer = setTimeout(() => {
          open.delete(id);
          resolve(err('timeout', text('main.recorder.noAnswer')));
        }, ANSWER_DEADLINE_MS);
        open.set(id, (result) => {
          clearTimeout(timer);
          resolve(result);
        });
        send({ type: 'request', id, channel, payload });
      });
      const checked = resultOf(channels[channel].response).safeParse(answer);
      return checked.success ? checked.data : err('internal', text('main.recorder.malformed', { channel }));
    },
    applySettings(...next) {
      [settings, suspended] = next;
      send({ type: 'settings', settings, suspended });
    },
    async stop() {
      stopping = true;
      clearInterval(watchdog);
      clearTimeout(retry);
      const ending = child;
      if (!ending) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(kill, STOP_DEADLINE_MS);
        ending.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        send({ type: 'stop' });
      });
    },
  };
}
