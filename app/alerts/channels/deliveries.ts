import type { Clock } from '../../core/clock.ts';
import { text } from '../../core/i18n.ts';
import { err, ok, type AppError, type Result } from '../../core/result.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { Announcer, Post } from '../outbox.ts';
import type { StoredAlert } from '../schema.ts';
import { takes, type AlertSettings } from '../settings.ts';
import { alertChannelIds, channelRow, type AlertChannelId } from './channels.ts';
import { createLane, type Lane, type LaneFault } from './lane.ts';
import { alertMessageOf, testMessageOf, type Words } from './make-message.ts';
import { masked } from './masked.ts';
import type { MessageTable } from './message-table.ts';
import { createMessageQueue, type QueuedMessage } from './queue.ts';
import { createSlot, missingOf, type OpenAny, type Secrets, type Slot } from './slot.ts';
import type { ChannelState } from './state.ts';

export type DeliveryOptions = {
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  /** a text that no other call ever gives */
  readonly newId: () => string;
  readonly open: OpenAny;
  readonly secrets: {
    readonly of: (id: AlertChannelId) => Result<Secrets>;
    readonly mark: () => string;
    readonly set: (id: AlertChannelId, name: string, value: string | null) => Result<undefined>;
  };
  readonly settings: AlertSettings;
  /** made when a message is written: it takes megabytes */
  readonly words: () => Words;
  readonly simulated: boolean;
  /** false: alerts of another time are played, and nothing is sent about them */
  readonly live: boolean;
  readonly log: (entry: string) => void;
  /** Writes to the history if it can be written now. */
  readonly save: (task: () => void) => void;
};

export type Deliveries = Announcer & {
  readonly attach: (table: MessageTable) => void;
  readonly applySettings: (settings: AlertSettings) => void;
  readonly onTick: (tick: Tick, stored: boolean) => void;
  readonly onFiring: (firing: readonly StoredAlert[]) => void;
  readonly states: () => readonly ChannelState[];
  /** Sends a test message now, also by a channel that is off. Answers with a sentence. */
  readonly test: (id: AlertChannelId) => Promise<Result<string>>;
  readonly setSecret: (id: AlertChannelId, name: string, value: string | null) => Result<undefined>;
  readonly close: () => Promise<void>;
};

type Route = {
  readonly lane: Lane;
  readonly slot: Slot;
  dropped: number;
  deliveredMs: number | null;
  /** of what a channel does besides sending messages */
  fault: LaneFault | undefined;
};

const LOOK_MS = 5_000;

/**
 * Brings alerts to channels. Every message is queued in the history together with its alert, sent in order until its
 * receiver has confirmed it, and noted then. A recorder that is killed between these two steps sends the message again
 * with the same id: nothing is lost, and a receiver can tell.
 */
export function createDeliveries(options: DeliveryOptions): Deliveries {
  const { clock, secrets, log, save } = options;
  let { settings } = options;
  let firing: readonly StoredAlert[] = [];
  let mark = '';
  let lookMs = -Infinity;
  const unstamped = new Map<
    QueuedMessage,
    { readonly alert: StoredAlert; readonly at: Pick<Post, 'tsMs' | 'axisMs'> }
  >();
  const now = () => ({ wallMs: clock.wallMs(), monoMs: clock.monoMs() });
  const isOn = (id: AlertChannelId): boolean => options.live && settings.channels[id].on;

  const queue = createMessageQueue((message) => onDropped(message, 'full'));
  const flush = (): void => save(() => queue.write(false)());

  function clean(id: AlertChannelId, { message, next, ...error }: AppError): AppError {
    const found = secrets.of(id);
    const values = found.ok ? Object.values(found.value).map(({ value }) => value) : [];
    return { ...error, message: masked(message, values), ...(next !== undefined && { next: masked(next, values) }) };
  }
  function onDropped({ channel, message }: QueuedMessage, why: 'old' | 'rejected' | 'full'): void {
    routes[channel].dropped++;
    const reasons = { old: 'it is a week old', rejected: 'the receiver refuses it', full: 'too many are waiting' };
    log(`Alerts by ${channel}: the message ${message.id} was dropped: ${reasons[why]}.`);
  }

  function createRoute(id: AlertChannelId): Route {
    const slot = createSlot({
      id,
      open: options.open,
      settings: () => settings.channels[id],
      secrets: () => secrets.of(id),
      firing: () => firing,
      report(fault) {
        if (fault) route.fault = { ...clean(id, fault), tsMs: clock.wallMs(), retryMs: null };
        else [route.fault, route.deliveredMs] = [undefined, clock.wallMs()];
      },
    });
    const lane = createLane({
      clock,
      random: options.random,
      opened: () => slot.ensure(isOn(id)),
      head: () => queue.head(id),
      onDelivered(message) {
        route.deliveredMs = clock.wallMs();
        if (message.attempts > 0) log(`Alerts by ${id}: the receiver confirmed ${message.message.id}.`);
        queue.end(message, 'delivered', clock.wallMs());
        flush();
      },
      onFailed(message, error) {
        const { message: why } = clean(id, error);
        if (message.attempts === 0) log(`Alerts by ${id}: ${message.message.id} was not delivered: ${why}`);
        queue.failed(message, why);
        flush();
      },
      onDropped(message, why) {
        queue.end(message, 'dropped', clock.wallMs());
        onDropped(message, why);
        flush();
      },
    });
    const route: Route = { lane, slot, dropped: 0, deliveredMs: null, fault: undefined };
    return route;
  }
  const routes = Object.fromEntries(alertChannelIds.map((id) => [id, createRoute(id)])) as Record<
    AlertChannelId,
    Route
  >;
  const all = Object.entries(routes) as [AlertChannelId, Route][];

  /** Opens what is on, closes what is off, and tries again what failed. */
  function renew(): void {
    mark = secrets.mark();
    for (const [id, { lane, slot }] of all) {
      void lane.inTurn(() => slot.ensure(isOn(id)));
      if (queue.head(id)) lane.retry();
    }
  }
  /** A channel that lacks something gets no messages: it would send a week's at once when it is complete. */
  function isComplete(id: AlertChannelId): boolean {
    const found = secrets.of(id);
    return !found.ok || missingOf(id, settings.channels[id], found.value).length === 0;
  }
  const messageOf = (alert: StoredAlert, episode: string) =>
    alertMessageOf(options.words(), alert, episode, { sender: settings.sender, simulated: options.simulated });

  function add(channel: AlertChannelId, alert: StoredAlert, episode: string, at: Pick<Post, 'tsMs' | 'axisMs'>): void {
    const { gpuUuid, rule } = alert;
    const queued = queue.add({ channel, gpuUuid, rule, message: messageOf(alert, episode) }, now());
    if (at.axisMs !== undefined) unstamped.set(queued, { alert, at });
  }

  return {
    announce(told, cleared, at) {
      if (!options.live) return;
      for (const alert of cleared) {
        for (const { channel, message } of queue.announced(alert))
          if (isOn(channel) && settings.channels[channel].cleared) add(channel, alert, message.episode, at);
        queue.close(alert);
      }
      for (const alert of told) {
        queue.close(alert); // of an episode whose end was not seen
        const episode = options.newId();
        for (const id of alertChannelIds) if (takes(id, alert, settings) && isComplete(id)) add(id, alert, episode, at);
      }
      for (const [id, { lane }] of all) if (queue.head(id)) lane.wake();
    },
    write: () => queue.write(true),
    restamp(stampOf) {
      for (const [queued, { alert, at }] of unstamped) {
        const shiftMs = stampOf(at.axisMs!) - at.tsMs;
        const { firedMs, clearedMs } = alert;
        const shifted = { ...alert, firedMs: firedMs + shiftMs, clearedMs: clearedMs && clearedMs + shiftMs };
        queue.revise(queued, messageOf(shifted, queued.message.episode));
      }
      unstamped.clear();
    },
    attach(table) {
      queue.attach(table, now());
      for (const { channel, deliveredMs } of table.counts()) {
        const route = (routes as Partial<Record<string, Route>>)[channel];
        if (route && deliveredMs !== null) route.deliveredMs = Math.max(deliveredMs, route.deliveredMs ?? 0);
      }
      renew();
      table.prune(clock.wallMs());
      queue.write(true)(); // what was queued for a history that is gone
    },
    applySettings(next) {
      const before = JSON.stringify(settings.channels);
      settings = next;
      if (JSON.stringify(next.channels) !== before) renew();
    },
    onTick(tick, stored) {
      if (!options.live) return;
      if (stored && queue.isBehind()) flush(); // what could not be written before
      if (clock.monoMs() - lookMs >= LOOK_MS) {
        lookMs = clock.monoMs();
        if (secrets.mark() !== mark) renew();
      }
      for (const [, { slot }] of all) slot.channel()?.onTick?.(tick, stored);
    },
    onFiring(next) {
      firing = next;
      for (const [, { slot }] of all) slot.channel()?.onFiring?.(firing);
    },
    states: () =>
      all.map(([id, { lane, dropped, deliveredMs, fault }]) => {
        const found = secrets.of(id);
        const own = found.ok ? found.value : {};
        const failed = found.ok ? undefined : { ...found.error, tsMs: clock.wallMs(), retryMs: null };
        const last = lane.fault();
        return {
          id,
          secrets: Object.fromEntries(channelRow(id).secrets.map((name) => [name, own[name]?.place ?? null])),
          missing: [...missingOf(id, settings.channels[id], own)],
          waiting: queue.waiting(id),
          dropped,
          deliveredMs,
          fault: failed ?? (last && { ...last, ...clean(id, last) }) ?? fault ?? null,
        };
      }),
    async test(id) {
      const { lane, slot } = routes[id];
      const message = testMessageOf(text, options.newId(), clock.wallMs(), settings.sender);
      const sent = await lane.inTurn(() => slot.once((channel) => lane.attempt(channel, message)));
      const result = sent.ok ? sent.value : sent;
      if (!result.ok) return { ok: false, error: clean(id, result.error) };
      routes[id].deliveredMs = clock.wallMs();
      if (queue.head(id)) lane.retry();
      return ok(text('channel.tested'));
    },
    setSecret(id, name, value) {
      if (!channelRow(id).secrets.includes(name)) return err('invalid-request', text('channel.error.noSecret'));
      const known = secrets.of(id);
      if (!known.ok) return known;
      const { secrets: names, receiver } = channelRow(id);
      const others = receiver.includes(name) ? names.filter((other) => !receiver.includes(other)) : [];
      const removed = [...(value === null ? [name] : []), ...others].filter((one) => known.value[one]);
      if (removed.some((one) => known.value[one]!.place === 'credential'))
        return err('forbidden', text('channel.error.bySystemd'), text('channel.error.bySystemdNext'));
      for (const one of removed) {
        const gone = secrets.set(id, one, null);
        if (!gone.ok) return gone;
      }
      const saved = value === null ? ok(undefined) : secrets.set(id, name, value);
      renew();
      return saved;
    },
    async close() {
      await Promise.all(all.map(([, { lane }]) => lane.close()));
      await Promise.all(all.map(([, { slot }]) => slot.release()));
      flush();
    },
  };
}
