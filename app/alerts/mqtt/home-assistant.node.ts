import { text } from '../../core/i18n.ts';
import type { AppError } from '../../core/result.ts';
import { sourceKindOf } from '../../telemetry/source-kinds.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { StoredAlert } from '../schema.ts';
import { kwhOf, missingCard, momentary, problemOf, type Momentary } from './card-state.ts';
import { cardDiscovery, recorderDiscovery } from './discovery.ts';
import { createEnergyTotal } from './energy-total.ts';
import type { Link, Publication } from './link.node.ts';
import { holdMqttState, openMqttState, writeMqttState, type MqttState } from './state-file.node.ts';
import { cardId, cardTopic, discoveryTopic, recorderId, recorderTopic, statusTopic, type TopicRoot } from './topics.ts';

export type HomeAssistantOptions = {
  readonly dataFolder: string;
  readonly base: string;
  readonly discovery: string;
  readonly everyMs: number;
  /** what an alert says, in the language of the recorder */
  readonly titleOf: (alert: StoredAlert) => string;
  readonly openLink: (will: { readonly topic: string; readonly payload: string }, onUp: () => void) => Promise<Link>;
  readonly report: (fault: AppError | undefined) => void;
};

type Card = {
  readonly uuid: string;
  readonly energy: ReturnType<typeof createEnergyTotal>;
  name: string;
  /** the driver's number; undefined: the source does not report the card now */
  index: number | undefined;
  now: Momentary;
};

/** A card that has slept since the start is named by its slot until it wakes. */
const SLOT = 'PCI-';
const retained = (topic: string, value: unknown): Publication => ({
  topic,
  payload: typeof value === 'string' ? value : JSON.stringify(value),
  retain: true,
});

/**
 * Publishes cards to Home Assistant: announces them when the broker can be reached, then sends their readings at an
 * interval and when an alert fires or ends. Only cards that are measured. What is published of an energy total is on the
 * disk before, so that a killed recorder cannot go behind it.
 */
export function createHomeAssistant(options: HomeAssistantOptions) {
  const { dataFolder, titleOf, report, everyMs } = options;
  const release = holdMqttState(dataFolder);
  const stored = openMqttState(dataFolder);
  const root: TopicRoot = { base: options.base, node: stored.node, discovery: options.discovery };
  const cards = new Map<string, Card>();
  let announced: readonly string[] = stored.announced;
  /** energy totals as they are on the disk, J */
  let onDisk = new Map<string, number>();
  let written = '';
  let firing: readonly StoredAlert[] = [];
  let link: Promise<Link> | undefined;
  let up: Link | undefined;
  let dueMs = -Infinity; // on the axis of ticks
  let working: Promise<void> | undefined;
  let again = false;
  let closed = false;

  function cardOf(uuid: string, name: string): Card {
    let card = cards.get(uuid);
    if (!card) {
      const energy = createEnergyTotal(stored.cards[uuid]?.energy ?? undefined);
      cards.set(uuid, (card = { uuid, energy, name, index: undefined, now: missingCard('lost') }));
    }
    card.name = name;
    return card;
  }
  for (const [uuid, { name }] of Object.entries(stored.cards)) cardOf(uuid, name);

  const about = (uuid: string | null): string[] => firing.filter(({ gpuUuid }) => gpuUuid === uuid).map(titleOf);
  const problem = (uuid: string | null) => problemOf(about(uuid), text('mqtt.noAlerts'));

  /** The driver's number distinguishes cards of one design. */
  function shownName({ uuid, name, index }: Card): string {
    const hasTwin = [...cards.values()].some((other) => other.uuid !== uuid && other.name === name);
    return hasTwin && index !== undefined ? text('alerts.card', { name, index }) : name;
  }

  const announcements = (): Publication[] => [
    retained(discoveryTopic(root, recorderId(root)), recorderDiscovery(root)),
    ...[...cards.values()].map((card) =>
      retained(
        discoveryTopic(root, cardId(card.uuid)),
        cardDiscovery(root, { uuid: card.uuid, name: shownName(card) }),
      ),
    ),
  ];

  const states = (): Publication[] => [
    retained(recorderTopic(root), problem(null)),
    ...[...cards.values()].map(({ uuid, now }) =>
      retained(cardTopic(root, uuid), { ...now, energy: kwhOf(onDisk.get(uuid)), ...problem(uuid) }),
    ),
  ];

  /** Topics that stay on the broker: those that announce first, because they are removed first. */
  const retainedTopics = (): readonly string[] => [
    ...announcements().map(({ topic }) => topic),
    ...states().map(({ topic }) => topic),
    statusTopic(root),
  ];

  const stateWith = (topics: readonly string[]): MqttState => ({
    node: root.node,
    cards: Object.fromEntries(
      [...cards.values()].map(({ uuid, name, energy }) => [uuid, { name, energy: energy.total() ?? null }]),
    ),
    announced: topics,
  });

  /** @returns false: it could not be written, and the totals that are published stay as they are */
  async function save(topics: readonly string[]): Promise<boolean> {
    const state = stateWith(topics);
    const content = JSON.stringify(state);
    if (content === written) return true;
    const result = await writeMqttState(dataFolder, state);
    if (!result.ok) {
      report(result.error);
      return false;
    }
    written = content;
    announced = topics;
    onDisk = new Map(
      Object.entries(state.cards).flatMap(([uuid, { energy }]) => (energy ? [[uuid, energy.joules] as const] : [])),
    );
    return true;
  }

  let known = ''; // what was announced on this connection

  /** Announces what is not announced on this connection yet. A topic is noted before it is used, and removed after. */
  async function announce(to: Link): Promise<void> {
    const now = announcements();
    const wanted = JSON.stringify(now);
    if (wanted === known) return;
    const topics = retainedTopics();
    const old = announced.filter((topic) => !topics.includes(topic));
    if (!(await save([...topics, ...old]))) return;
    for (const one of [...old.map((topic) => retained(topic, '')), ...now, retained(statusTopic(root), 'online')]) {
      const published = await to.publish(one);
      if (!published.ok) return; // the connection is lost; everything is announced again on the next one
    }
    known = wanted;
    if (old.length > 0) await save(topics);
  }

  async function publish(): Promise<void> {
    const to = up;
    if (closed || !to?.isUp()) return;
    await announce(to);
    await save(announced);
    if (!closed) for (const one of states()) to.tell(one);
  }

  /** One at a time. What is asked for meanwhile happens afterwards, once. */
  function wake(): void {
    if (closed) return;
    if (working) {
      again = true;
      return;
    }
    working = publish().finally(() => {
      working = undefined;
      if (again) {
        again = false;
        wake();
      }
    });
  }

  function connect(): void {
    link = options.openLink({ topic: statusTopic(root), payload: 'offline' }, () => {
      known = '';
      wake();
    });
    void link.then((opened) => {
      up = opened;
      wake();
    });
  }

  return {
    onTick(tick: Tick): void {
      if (closed || sourceKindOf(tick.source.kind).origin !== 'measured') return;
      const axisMs = tick.axisMs ?? tick.tsMs;
      const gone = missingCard(tick.gpus.length === 0 ? 'not responding' : 'lost');
      for (const card of cards.values()) [card.now, card.index] = [gone, undefined];
      for (const { gpu, frame } of tick.gpus) {
        if (gpu.uuid.startsWith(SLOT)) continue;
        const card = cardOf(gpu.uuid, gpu.name);
        [card.now, card.index] = [momentary(frame), gpu.index];
        card.energy.feed(frame, tick);
      }
      if (!link) connect();
      if (axisMs < dueMs) return;
      dueMs = axisMs + everyMs;
      wake();
    },
    onFiring(now: readonly StoredAlert[]): void {
      firing = now;
      wake();
    },
    /** the connection, if it can be used now */
    link: (): Link | undefined => (up?.isUp() ? up : undefined),
    root,
    /** Says that this recorder has ended, and keeps what was counted. */
    async close(): Promise<void> {
      closed = true;
      await working;
      try {
        if (!link) return; // nothing was measured
        await save(announced);
        const opened = await link;
        if (opened.isUp()) await opened.publish(retained(statusTopic(root), 'offline'));
        await opened.close();
      } finally {
        release();
      }
    },
  };
}
