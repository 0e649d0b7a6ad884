import { utilityProcess, type UtilityProcess } from 'electron';
import type { ChannelOf } from '../../app/contract/channels.ts';
import { text } from '../../app/core/i18n.ts';
import { err, type Result } from '../../app/core/result.ts';
import type { LimitField } from '../../app/history/retention/limits.ts';
import type { CollectorConfig, FromCollector, ToCollector } from '../../app/recorder/collector-messages.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { log } from '../log.ts';
import { createOpenQuestions } from './open-questions.ts';
import { passPush, type RecorderPushes, type StatusBoard } from './pushes.ts';

export type OwnRecorder = {
  readonly ask: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly applySettings: (settings: Settings, suspended: readonly LimitField[]) => void;
  /** Lets the recorder finish its writing; resolves when its process has gone. */
  readonly stop: () => Promise<void>;
  readonly pid: () => number | undefined;
};

/** `keepsFolderMs`: how long it refuses to hand the folder over to a service */
export type OwnConfig = Omit<CollectorConfig, 'restarted' | 'startedBy'> & { readonly keepsFolderMs: number };

/** busy: another process records into the folder, or reads the driver. crashed: it is started again. handed-over: a service asked for the folder. */
export type Down = 'busy' | 'crashed' | 'handed-over';

const START_DEADLINE_MS = 45_000; // opening a driver or a large history can take a while
const SILENCE_MS = 6_000;
const CHECK_MS = 1_000;
const STOP_DEADLINE_MS = 5_000;
const HEALTHY_MS = 60_000;
const BACK_OFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
/** Errors that may pass: Slowburn tries again. The others need a person. */
const RETRY_MS: Partial<Record<string, number>> = {
  'database-busy': 5_000,
  // another recorder reads the driver, and perhaps this user may not watch it
  busy: 5_000,
  forbidden: 5_000,
  'source-unavailable': 15_000,
  'database-unusable': 15_000,
};

/** Errors because of another recorder. */
const IN_THE_WAY: ReadonlySet<string | undefined> = new Set(['database-busy', 'busy', 'forbidden']);

/**
 * Keeps a recorder of our own alive, in a utility process: handshake, heartbeat, restart with back-off. One that hangs is
 * killed, one that ends is started again, and the time without samples is marked as a gap in the history.
 * @param onDown called when it does not record; `stop` ends the attempts
 */
export function startOwnRecorder(
  script: string,
  { keepsFolderMs, ...config }: OwnConfig,
  pushes: RecorderPushes,
  board: StatusBoard,
  onDown: (why: Down) => void,
): OwnRecorder {
  let child: UtilityProcess | undefined;
  let { settings, suspended } = config;
  let stopping = false;
  let handedOver = false;
  let failures = 0;
  let startedMs = 0;
  let lastSignMs = 0;
  let retry: NodeJS.Timeout | undefined;
  const send = (message: ToCollector): void => child?.postMessage(message);
  const questions = createOpenQuestions(send);
  const state = () => board.read().state;

  function start(): void {
    startedMs = lastSignMs = performance.now();
    const started = utilityProcess.fork(script, [], { serviceName: 'Slowburn collector', stdio: 'inherit' });
    child = started;
    started.on('message', (message: FromCollector) => {
      if (child === started && !stopping) onMessage(message);
    });
    started.on('exit', (code) => {
      if (child === started) onExit(code);
    });
  }

  function onMessage(message: FromCollector): void {
    lastSignMs = performance.now();
    switch (message.type) {
      case 'hello':
        return send({
          type: 'start',
          config: { ...config, settings, suspended, restarted: board.read().restarts > 0, startedBy: 'window' },
          keepsFolderMs,
        });
      case 'started':
        return board.set({
          state: 'running',
          error: undefined,
          ...(message.setAside !== undefined && { setAside: message.setAside }),
        });
      case 'failed':
        log(`The recorder could not start: ${message.error.message}`);
        return board.set({ state: 'failed', error: message.error });
      case 'handing-over':
        handedOver = true;
        return;
      case 'response':
        return questions.answer(message.id, message.result);
      case 'heartbeat':
        if (state() === 'silent') board.set({ state: 'running' });
        return;
      default:
        passPush(message, pushes, board);
        if (performance.now() - startedMs > HEALTHY_MS) failures = 0;
    }
  }

  function onExit(code: number): void {
    child = undefined;
    questions.end(err('not-ready', text('main.recorder.restarting')));
    if (stopping) return;
    if (handedOver) return onDown('handed-over');
    if (state() === 'failed') {
      const { error } = board.read();
      const retryMs = RETRY_MS[error?.code ?? ''];
      if (retryMs !== undefined) retry = setTimeout(start, retryMs);
      if (IN_THE_WAY.has(error?.code)) onDown('busy');
      return;
    }
    log(`The recorder ended with code ${code}. It is started again.`);
    board.set({ state: 'restarting', restarts: board.read().restarts + 1 });
    retry = setTimeout(start, BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)]);
    onDown('crashed');
  }

  function kill(): void {
    const pid = child?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGKILL'); // a process that hangs in the driver ignores anything milder
  }

  const watchdog = setInterval(() => {
    if (!child || stopping) return;
    const silentMs = performance.now() - lastSignMs; // does not advance in suspend; neither does the recorder
    const deadlineMs = state() === 'running' || state() === 'silent' ? SILENCE_MS : START_DEADLINE_MS;
    if (silentMs > deadlineMs) {
      log(`The recorder did not answer for ${Math.round(silentMs / 1000)} s and is stopped.`);
      kill();
    } else if (state() === 'running' && silentMs > SILENCE_MS / 2) board.set({ state: 'silent' });
  }, CHECK_MS);

  start();
  return {
    pid: () => child?.pid,
    ask: (channel, payload) => questions.ask(channel, payload),
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
