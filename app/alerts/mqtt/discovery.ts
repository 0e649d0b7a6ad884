import { text } from '../../core/i18n.ts';
import { cardStates } from './card-state.ts';
import { alertTopic, cardId, cardTopic, recorderId, recorderTopic, statusTopic, type TopicRoot } from './topics.ts';

/**
 * Discovery of a whole device in one message (Home Assistant 2024.12 and later; home-assistant.io/integrations/mqtt, "Device
 * discovery payload"). Full names of keys, because no byte is scarce here.
 */
export type Discovery = {
  readonly device: Readonly<Record<string, unknown>>;
  readonly origin: { readonly name: string };
  readonly components: Readonly<Record<string, Component>>;
};
type Component = Readonly<Record<string, unknown>> & { readonly platform: string; readonly unique_id: string };

const ONLINE = { payload_available: 'online', payload_not_available: 'offline' } as const;

/** A sensor is available while the recorder is online and has a value for it. */
const available = (root: TopicRoot, stateTopic: string, name: string) => [
  { topic: statusTopic(root), ...ONLINE },
  {
    topic: stateTopic,
    value_template: `{{ 'offline' if value_json.${name} is none else 'online' }}`,
    ...ONLINE,
  },
];

const measurements = {
  temperature: { device_class: 'temperature', unit_of_measurement: '°C', state_class: 'measurement' },
  power: { device_class: 'power', unit_of_measurement: 'W', state_class: 'measurement' },
  utilisation: { unit_of_measurement: '%', state_class: 'measurement', icon: 'mdi:gauge' },
  // a total that never goes back: what the energy page adds up
  energy: { device_class: 'energy', unit_of_measurement: 'kWh', state_class: 'total_increasing' },
} as const;

const problem = { platform: 'binary_sensor', device_class: 'problem' } as const;
const alerts = { platform: 'sensor', icon: 'mdi:alert-outline' } as const;

function component(root: TopicRoot, id: string, stateTopic: string, name: keyof typeof names, keys: object): Component {
  return {
    platform: 'sensor',
    ...keys,
    unique_id: `${id}_${name}`,
    name: text(names[name]),
    state_topic: stateTopic,
    value_template: `{{ value_json.${name} }}`,
    availability: available(root, stateTopic, name),
    availability_mode: 'all',
  };
}

const names = {
  temperature: 'mqtt.temperature',
  power: 'mqtt.power',
  utilisation: 'mqtt.utilisation',
  energy: 'mqtt.energy',
  state: 'mqtt.state',
  problem: 'mqtt.problem',
  alerts: 'mqtt.alerts',
} as const;

/** A card as a device. Its identifiers come from the UUID, so it stays the same device in another slot or machine. */
export function cardDiscovery(root: TopicRoot, card: { readonly uuid: string; readonly name: string }): Discovery {
  const id = cardId(card.uuid);
  const topic = cardTopic(root, card.uuid);
  const sensor = (name: keyof typeof names, keys: object): readonly [string, Component] => [
    name,
    component(root, id, topic, name, keys),
  ];
  return {
    device: {
      identifiers: [id],
      name: card.name,
      manufacturer: 'NVIDIA',
      model: card.name,
      via_device: recorderId(root),
    },
    origin: { name: text('app.name') },
    components: Object.fromEntries([
      sensor('temperature', measurements.temperature),
      sensor('power', measurements.power),
      sensor('utilisation', measurements.utilisation),
      sensor('energy', measurements.energy),
      sensor('state', { device_class: 'enum', options: cardStates }),
      sensor('problem', problem),
      sensor('alerts', alerts),
    ]),
  };
}

/** The recorder as a device: alerts about the machine, and every alert message as an event. */
export function recorderDiscovery(root: TopicRoot): Discovery {
  const id = recorderId(root);
  const topic = recorderTopic(root);
  return {
    device: { identifiers: [id], name: text('mqtt.recorder') },
    origin: { name: text('app.name') },
    components: {
      problem: component(root, id, topic, 'problem', problem),
      alerts: component(root, id, topic, 'alerts', alerts),
      message: {
        platform: 'event',
        unique_id: `${id}_message`,
        name: text('mqtt.message'),
        event_types: ['fired', 'cleared', 'test'],
        state_topic: alertTopic(root),
        qos: 1,
        availability: [{ topic: statusTopic(root), ...ONLINE }],
        availability_mode: 'all',
      },
    },
  };
}
