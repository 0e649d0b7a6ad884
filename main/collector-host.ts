import { channels, type ChannelOf, type CollectorStatus } from '../app/contract/channels.ts';
import { WINDOW_RECORDS_AFTER_MS } from '../app/contract/followed-recorder.ts';
import { text } from '../app/core/i18n.ts';
import { err, type AppError, type Result } from '../app/core/result.ts';
import { resultOf } from '../app/core/schema.ts';
import type { LimitField } from '../app/history/retention/limits.ts';
import type { CollectorConfig } from '../app/recorder/collector-messages.ts';
import type { Attached, AttachEvents } from '../app/recorder/socket/attached.ts';
import type { Hello } from '../app/recorder/socket/wire.ts';
import type { Settings } from '../app/settings/settings.ts';
import { log } from './log.ts';
import { followed } from './recorder/followed.ts';
import { startOwnRecorder, type Down, type OwnRecorder } from './recorder/own-recorder.ts';
import { countUnread, type RecorderPushes, type StatusBoard } from './recorder/pushes.ts';

export type HostEvents = RecorderPushes & {
  readonly onStatus: (status: CollectorStatus) => void;
  /** the settings in force of the followed recorder, when they change; undefined: it is the window's own */
  readonly onRecorderSettings: (settings: Settings | undefined) => void;
};

export type CollectorHost = {
  readonly status: () => CollectorStatus;
  readonly ask: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly applySettings: (settings: Settings, suspended: readonly LimitField[]) => void;
  /** Lets a recorder of our own finish its writing. One in another process continues. */
  readonly stop: () => Promise<void>;
};

export type HostOptions = {
  /** the built script of our own recorder */
  readonly script: string;
  readonly config: Omit<CollectorConfig, 'restarted' | 'startedBy'>;
  /**
   * Attaches to the recorder that this window can follow; undefined: none runs. An error: it runs and cannot be followed.
   * `exceptPid`: the window's own recorder
   */
  readonly find: (events: AttachEvents, exceptPid: number | undefined) => Promise<Result<Attached | undefined>>;
};

const LOOK_EVERY_MS = 250;
/** A service that ends this soon after it took the folder from the window does not get it again for as long. */
const KEEPS_FOLDER_MS = 10 * 60_000;
/** How often a recorder is looked for that locked the folder and is not attached to. */
const BUSY_EVERY_MS = 1_000;

/**
 * The one recorder that the window follows: one that already runs, else its own.
 *
 * - It attaches to a running recorder, and keeps the connection while that recorder restarts.
 * - When that recorder stays away, the window starts its own. The system's recorder belongs to the administrator: the
 *   window waits for it.
 * - When a service asks for the folder, the window's recorder ends, and the window attaches to the service.
 */
export function startCollectorHost({ script, config, find }: HostOptions, events: HostEvents): CollectorHost {
  let { settings, suspended } = config;
  let status: CollectorStatus = { state: 'starting', restarts: 0, dataFolder: config.dataFolder };
  let own: OwnRecorder | undefined;
  let attached: Attached | undefined;
  /** events of an earlier connection are ignored */
  let connection = 0;
  let waitUntilMs = -Infinity;
  let handedOverMs = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let choosing = false;
  let stopping = false;

  const board: StatusBoard = {
    read: () => status,
    set(change) {
      status = { ...status, ...change };
      events.onStatus(status);
    },
  };

  const chooseIn = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void choose(), ms);
  };

  async function choose(): Promise<void> {
    if (choosing || stopping || records()) return;
    choosing = true;
    const found = await find(eventsOf(++connection), own?.pid());
    choosing = false;
    if (stopping || records()) return found.ok ? found.value?.close() : undefined;
    if (found.ok && found.value) return follow(found.value);
    // a recorder that this user may not watch: if it is in the way, our own says so
    if (!found.ok && found.error.code !== 'forbidden') return cannotFollow(found.error);
    if (own) return chooseIn(BUSY_EVERY_MS); // it tries to record all the time
    if (performance.now() < waitUntilMs) return chooseIn(LOOK_EVERY_MS);
    startOwn();
  }

  /** A recorder of our own is at work, and no other is looked for. */
  const records = (): boolean => own !== undefined && status.state !== 'failed' && status.state !== 'restarting';

  function follow(found: Attached): void {
    void own?.stop(); // it could not record
    own = undefined;
    attached = found;
    if (!found.isConnected()) onLost();
  }

  function onAttached(hello: Hello): void {
    clearTimeout(timer);
    log(`Attached to the recorder in process ${hello.pid} (${hello.startedBy}, ${hello.scope}, ${hello.may}).`);
    board.set({
      state: 'running',
      error: undefined,
      recorder: followed(hello, config.dataFolder),
      ...(hello.setAside !== undefined && { setAside: hello.setAside }),
    });
  }

  /** The connection is tried again until the window records itself. */
  function onLost(): void {
    log('The connection to the recorder ended.');
    const ofSystem = status.recorder?.scope === 'system';
    board.set({ state: ofSystem ? 'waiting-for-system' : 'waiting' });
    clearTimeout(timer);
    if (!ofSystem) timer = setTimeout(startOwn, WINDOW_RECORDS_AFTER_MS);
  }

  function onSettings(now: Settings): void {
    if (!status.recorder) return;
    if (status.recorder.intervalMs !== now.intervalMs)
      board.set({ recorder: { ...status.recorder, intervalMs: now.intervalMs } });
    events.onRecorderSettings(now);
  }

  function cannotFollow(error: AppError): void {
    if (status.error?.message !== error.message) log(`The running recorder cannot be followed: ${error.message}`);
    void own?.stop(); // it could not record
    own = undefined;
    board.set({ state: 'not-shown', error, recorder: undefined });
    chooseIn(BUSY_EVERY_MS);
  }

  function startOwn(): void {
    attached?.close();
    attached = undefined;
    connection++;
    events.onRecorderSettings(undefined);
    board.set({
      state: status.state === 'starting' ? 'starting' : 'restarting',
      error: undefined,
      recorder: undefined,
    });
    const keepsFolderMs = performance.now() - handedOverMs < KEEPS_FOLDER_MS ? KEEPS_FOLDER_MS : 0;
    own = startOwnRecorder(script, { ...config, settings, suspended, keepsFolderMs }, events, board, onDown);
  }

  function onDown(why: Down): void {
    if (why === 'handed-over') {
      log('A service records into the folder from now on.');
      own = undefined;
      handedOverMs = performance.now();
      waitUntilMs = handedOverMs + WINDOW_RECORDS_AFTER_MS;
      board.set({ state: 'waiting' });
    }
    void choose();
  }

  /** What a connection reports, while it is the newest. */
  function eventsOf(number: number): AttachEvents {
    const current = (): boolean => number === connection;
    const passing =
      <A extends unknown[]>(take: (...args: A) => void) =>
      (...args: A): void => {
        if (current()) take(...args);
      };
    return {
      onAttached: passing(onAttached),
      onLost: passing(() => attached && onLost()),
      onTick: passing(events.onTick),
      onAlerts: passing(events.onAlerts),
      onSessions: passing(events.onSessions),
      onAction: passing(events.onAction),
      onCost: passing(events.onCost),
      onPrices: passing(events.onPrices),
      onJob: passing(events.onJob),
      onNotice: passing((notice) => board.set({ notice })),
      onSettings: passing(onSettings),
      onUnread: passing((why) => countUnread(board, why)),
    };
  }

  void choose();
  return {
    status: () => status,
    async ask(channel, payload) {
      const recorder = own ?? attached;
      if (!recorder || (status.state !== 'running' && status.state !== 'silent'))
        return err('not-ready', text('main.recorder.notRunning'));
      const answer = await recorder.ask(channel, payload);
      const checked = resultOf(channels[channel].response).safeParse(answer);
      return checked.success ? checked.data : err('internal', text('main.recorder.malformed', { channel }));
    },
    applySettings(...next) {
      [settings, suspended] = next;
      own?.applySettings(...next); // a recorder in another process reads the file itself
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      attached?.close();
      await own?.stop();
      board.set({ state: 'stopped' });
    },
  };
}
