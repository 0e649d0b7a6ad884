import { expect } from 'vitest';
import { z } from 'zod';

// What Home Assistant accepts, written from its own checks: homeassistant/components/mqtt/schemas.py (commit 0f5c1b547043, the
// schema of device discovery), sensor.py (as of 2026, with its rules for options, state classes and units), binary_sensor.py
// and event.py (commit 03ffd74c83de). Its docs: home-assistant.io/integrations/mqtt, "Device discovery payload". Home Assistant
// ignores keys that it does not know; here they are mistakes.

const topic = z.string().regex(/^[^+#\0]+$/);
const template = z.string().regex(/^\{\{.+\}\}$/);
const availability = z.array(
  z.strictObject({
    topic,
    payload_available: z.string().optional(),
    payload_not_available: z.string().optional(),
    value_template: template.optional(),
  }),
);
const common = {
  name: z.string().nullable().optional(),
  unique_id: z.string(),
  state_topic: topic.optional(),
  value_template: template.optional(),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
  icon: z
    .string()
    .regex(/^mdi:[a-z-]+$/)
    .optional(),
  availability: availability.optional(),
  availability_mode: z.enum(['all', 'any', 'latest']).optional(),
};

/** Units and state classes that a device class allows (developers.home-assistant.io, "Sensor entity"). */
const SENSOR_CLASSES: Readonly<Record<string, { units: readonly string[]; states: readonly string[] }>> = {
  temperature: { units: ['°C', '°F', 'K'], states: ['measurement'] },
  power: { units: ['mW', 'W', 'kW', 'MW', 'GW', 'TW'], states: ['measurement'] },
  energy: { units: ['Wh', 'kWh', 'MWh', 'J', 'kJ', 'MJ'], states: ['total', 'total_increasing'] },
};

const sensor = z
  .strictObject({
    platform: z.literal('sensor'),
    ...common,
    device_class: z.enum(['temperature', 'power', 'energy', 'humidity', 'enum']).optional(),
    unit_of_measurement: z.string().optional(),
    state_class: z.enum(['measurement', 'total', 'total_increasing']).optional(),
    options: z.array(z.string()).min(1).optional(),
    suggested_display_precision: z.int().min(0).optional(),
  })
  .refine(({ options, state_class, unit_of_measurement }) => !options || !(state_class ?? unit_of_measurement), {
    error: 'options allow no state class and no unit',
  })
  .refine(({ options, device_class }) => !options || device_class === 'enum', { error: 'options need the class enum' })
  .refine(
    ({ device_class = '', unit_of_measurement = '', state_class }) => {
      const allowed = SENSOR_CLASSES[device_class];
      return (
        !allowed ||
        (allowed.units.includes(unit_of_measurement) && (!state_class || allowed.states.includes(state_class)))
      );
    },
    { error: 'the device class does not allow this unit or state class' },
  );
const binarySensor = z.strictObject({
  platform: z.literal('binary_sensor'),
  ...common,
  device_class: z.enum(['problem', 'connectivity']).optional(),
  payload_on: z.string().optional(),
  payload_off: z.string().optional(),
});
const event = z.strictObject({ platform: z.literal('event'), ...common, event_types: z.array(z.string()).min(1) });

const device = z
  .strictObject({
    identifiers: z.union([z.string(), z.array(z.string())]).optional(),
    name: z.string().optional(),
    manufacturer: z.string().optional(),
    model: z.string().optional(),
    sw_version: z.string().optional(),
    hw_version: z.string().optional(),
    serial_number: z.string().optional(),
    via_device: z.string().optional(),
  })
  .refine(({ identifiers = [] }) => identifiers.length > 0, { error: 'a device needs an identifier' });

export const deviceDiscovery = z
  .strictObject({
    device,
    origin: z.strictObject({ name: z.string(), sw_version: z.string().optional(), support_url: z.url().optional() }),
    components: z.record(z.string(), z.discriminatedUnion('platform', [sensor, binarySensor, event])),
    availability: availability.optional(),
    availability_mode: z.enum(['all', 'any', 'latest']).optional(),
    state_topic: topic.optional(),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
  })
  .refine(({ state_topic, components }) => state_topic ?? Object.values(components).every((one) => one.state_topic), {
    error: 'a component needs a state topic, its own or that of the device',
  });
export type DeviceDiscovery = z.infer<typeof deviceDiscovery>;

/** The two templates that Slowburn uses, as Jinja evaluates them: test/long/brokers.spec.ts asks Jinja itself. */
export function render(text: string, payload: string): string {
  const value = JSON.parse(payload) as Record<string, unknown>;
  const plain = /^\{\{ value_json\.(\w+) \}\}$/.exec(text);
  if (plain) {
    const found = value[plain[1]!];
    return found === null ? 'None' : typeof found === 'string' || typeof found === 'number' ? `${found}` : '';
  }
  const presence = /^\{\{ '(\w+)' if value_json\.(\w+) is none else '(\w+)' \}\}$/.exec(text);
  expect(presence, `a template that this test cannot evaluate: ${text}`).not.toBeNull();
  return value[presence![2]!] === null ? presence![1]! : presence![3]!;
}

export type Entity = { readonly state: string | undefined; readonly unit: string | undefined };

/**
 * A home: what an instance of Home Assistant shows after it has received messages. `state` undefined: unavailable.
 * Its rules: a device of an empty discovery message is removed; an entity with mode `all` is available if the newest message
 * of each availability topic says so; a state that is not one of the options is ignored, and "None" is unknown.
 */
export function createHome() {
  const messages = new Map<string, string>();
  const devices = new Map<string, DeviceDiscovery>();
  const events: Record<string, unknown>[] = [];
  const states = new Map<string, string[]>();

  const eventTopics = (): string[] =>
    [...devices.values()].flatMap(({ components }) =>
      Object.values(components).flatMap((one) => (one.platform === 'event' ? [one.state_topic ?? ''] : [])),
    );

  function isAvailable(list: z.infer<typeof availability> = []): boolean {
    return list.every(({ topic: name, value_template, payload_available = 'online' }) => {
      const payload = messages.get(name);
      if (payload === undefined) return false;
      return (value_template ? render(value_template, payload) : payload) === payload_available;
    });
  }

  function entities(): Map<string, Entity> {
    const shown = new Map<string, Entity>();
    for (const { components } of devices.values()) {
      for (const one of Object.values(components)) {
        if (one.platform === 'event') continue;
        const payload = messages.get(one.state_topic ?? '');
        const value =
          payload === undefined ? undefined : one.value_template ? render(one.value_template, payload) : payload;
        if (one.platform === 'sensor' && one.options && value !== undefined) expect(one.options).toContain(value);
        expect((value ?? '').length).toBeLessThanOrEqual(255);
        const unit = one.platform === 'sensor' ? one.unit_of_measurement : undefined;
        shown.set(one.unique_id, { state: isAvailable(one.availability) ? value : undefined, unit });
      }
    }
    return shown;
  }

  return {
    /** @param retain the message is an old one that the broker kept */
    receive(name: string, payload: string, retain: boolean): void {
      const found = /^homeassistant\/device\/([a-zA-Z0-9_-]+)\/config$/.exec(name);
      if (found && payload === '') devices.delete(found[1]!);
      else if (found) devices.set(found[1]!, deviceDiscovery.parse(JSON.parse(payload)));
      else if (eventTopics().includes(name)) {
        if (!retain) events.push(JSON.parse(payload) as Record<string, unknown>);
      } else if (payload === '') messages.delete(name);
      else messages.set(name, payload);
      for (const [id, { state }] of entities()) {
        const list = states.get(id) ?? [];
        const shown = state ?? 'unavailable';
        if (list.at(-1) !== shown) states.set(id, [...list, shown]);
      }
    },
    devices: () => [...devices.values()],
    entities,
    /** the state of an entity by the end of its unique id; undefined: unavailable */
    state: (suffix: string): string | undefined => [...entities()].find(([id]) => id.endsWith(suffix))?.[1].state,
    /** all states that an entity has shown, each change once */
    history: (suffix: string): readonly string[] => [...states].find(([id]) => id.endsWith(suffix))?.[1] ?? [],
    events,
  };
}
