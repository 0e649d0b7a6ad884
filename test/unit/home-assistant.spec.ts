import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cardStates, kwhOf, momentary, missingCard, problemOf } from '../../app/alerts/mqtt/card-state.ts';
import { cardDiscovery, recorderDiscovery } from '../../app/alerts/mqtt/discovery.ts';
import {
  cardId,
  cardTopic,
  discoveryTopic,
  isTopic,
  recorderTopic,
  statusTopic,
} from '../../app/alerts/mqtt/topics.ts';
import { readingStates } from '../../app/core/reading.ts';
import { frameWith } from '../support/frames.ts';
import { createHome, deviceDiscovery } from '../support/home-assistant.ts';

const root = { base: 'slowburn', node: 'a1b2c3d4', discovery: 'homeassistant' };
const uuid = 'GPU-6f9f1d2a-0c7b-4a43-9d55-1f0e7a3b2c4d';
const card = { uuid, name: 'NVIDIA GeForce RTX 3090' };
const readings = (frame: Parameters<typeof momentary>[0], joules?: number) =>
  JSON.stringify({ ...momentary(frame), energy: kwhOf(joules), ...problemOf([], 'None') });

/** A home that knows the card and whose recorder is online. */
function homeWith(payload: string) {
  const home = createHome();
  home.receive(discoveryTopic(root, cardId(uuid)), JSON.stringify(cardDiscovery(root, card)), true);
  home.receive(statusTopic(root), 'online', true);
  home.receive(cardTopic(root, uuid), payload, true);
  return home;
}

describe('the discovery messages for Home Assistant', () => {
  it('have only keys that Home Assistant documents, with values that it accepts', () => {
    expect(deviceDiscovery.safeParse(cardDiscovery(root, card)).error).toBeUndefined();
    expect(deviceDiscovery.safeParse(recorderDiscovery(root)).error).toBeUndefined();
  });

  it('are checked by rules that accept the example of Home Assistant’s documentation', () => {
    // home-assistant.io/integrations/mqtt, "Device discovery payload" (2025), with the abbreviations written out
    const documented = {
      device: {
        identifiers: 'ea334450945afc',
        name: 'Kitchen',
        manufacturer: 'Bla electronics',
        model: 'xya',
        sw_version: '1.0',
        serial_number: 'ea334450945afc',
        hw_version: '1.0rev2',
      },
      origin: { name: 'bla2mqtt', sw_version: '2.1', support_url: 'https://bla2mqtt.example.com/support' },
      components: {
        some_unique_component_id1: {
          platform: 'sensor',
          device_class: 'temperature',
          unit_of_measurement: '°C',
          value_template: '{{ value_json.temperature}}',
          unique_id: 'temp01ae_t',
        },
      },
      state_topic: 'sensorBedroom/state',
      qos: 2,
    };
    expect(deviceDiscovery.safeParse(documented).error).toBeUndefined();
  });

  it('are checked by rules that refuse what Home Assistant refuses', () => {
    const good = cardDiscovery(root, card);
    const changed = (name: string, keys: object) =>
      deviceDiscovery.safeParse({
        ...good,
        components: { ...good.components, [name]: { ...good.components[name], ...keys } },
      }).success;
    expect(changed('energy', {})).toBe(true);
    expect(changed('energy', { state_class: 'measurement' })).toBe(false);
    expect(changed('energy', { unit_of_measurement: 'kW' })).toBe(false);
    expect(changed('state', { unit_of_measurement: 'W' })).toBe(false);
    expect(changed('power', { options: ['a'] })).toBe(false);
    expect(changed('power', { statetopic: 'a' })).toBe(false);
    expect(changed('problem', { platform: 'thermometer' })).toBe(false);
    expect(deviceDiscovery.safeParse({ ...good, device: { name: 'x' } }).success).toBe(false);
    expect(deviceDiscovery.safeParse({ ...good, origin: undefined }).success).toBe(false);
  });

  it('offer energy as a total in kWh that only grows, which the energy page requires', () => {
    expect(cardDiscovery(root, card).components['energy']).toMatchObject({
      platform: 'sensor',
      device_class: 'energy',
      unit_of_measurement: 'kWh',
      state_class: 'total_increasing',
    });
  });

  it('identify a card by its UUID alone, in every topic and id', () => {
    const { components, device } = cardDiscovery(root, card);
    const other = cardDiscovery(root, { ...card, name: 'another name' });
    const ids = (of: typeof components) => Object.values(of).map(({ unique_id }) => unique_id);
    expect(ids(components)).toEqual(ids(other.components));
    expect(new Set(ids(components)).size).toBe(7);
    expect(ids(components).every((id) => id.includes(uuid))).toBe(true);
    expect(device['identifiers']).toEqual([`slowburn_${uuid}`]);
    expect(discoveryTopic(root, cardId('MIG GPU/ä'))).toMatch(/^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/);
    const all = JSON.stringify([cardDiscovery(root, card), recorderDiscovery(root)]);
    for (const word of [process.cwd(), process.env['HOME'] ?? '/root', process.env['USER'] ?? 'root', 'localhost'])
      expect(all).not.toContain(word);
  });

  it('are about different devices on two machines that share a base topic', () => {
    const other = { ...root, node: 'ffffffff' };
    expect(statusTopic(other)).not.toBe(statusTopic(root));
    expect(recorderTopic(other)).not.toBe(recorderTopic(root));
    expect(recorderDiscovery(other).device).not.toEqual(recorderDiscovery(root).device);
  });
});

describe('a card in Home Assistant', () => {
  it('shows its readings', () => {
    const frame = frameWith({ coreTempC: 61, powerW: 215.3, gpuUtilPct: 97 });
    const home = homeWith(readings(frame, 9e6));
    expect(['temperature', 'power', 'utilisation', 'energy', 'state', 'problem', 'alerts'].map(home.state)).toEqual([
      '61',
      '215.3',
      '97',
      '2.5',
      'ok',
      'OFF',
      'None',
    ]);
  });

  it('is unavailable where there is no value, never 0, and shows 0 where 0 is the value', () => {
    const state = fc.constantFrom(...readingStates.filter((one) => one !== 'value'));
    const reading = fc.oneof(fc.integer({ min: 1, max: 100 }), state);
    fc.assert(
      fc.property(reading, reading, fc.oneof(reading, fc.constant(0)), (coreTempC, powerW, gpuUtilPct) => {
        const home = homeWith(readings(frameWith({ coreTempC, powerW, gpuUtilPct })));
        const shown = (value: number | string) => (typeof value === 'number' ? String(value) : undefined);
        expect(home.state('temperature')).toBe(shown(coreTempC));
        expect(home.state('power')).toBe(shown(powerW));
        expect(home.state('utilisation')).toBe(shown(gpuUtilPct));
        expect(home.state('energy')).toBeUndefined();
        expect(cardStates).toContain(home.state('state'));
      }),
    );
  });

  it('says why it gives no readings', () => {
    const stateOf = (coreTempC: 'asleep' | 'stalled' | 'lost' | 'denied') =>
      momentary(frameWith({ coreTempC, powerW: 'failed', gpuUtilPct: 'failed' })).state;
    expect(stateOf('asleep')).toBe('asleep');
    expect(stateOf('stalled')).toBe('not responding');
    expect(stateOf('lost')).toBe('lost');
    expect(stateOf('denied')).toBe('not readable');
    expect(momentary(frameWith({ coreTempC: 'denied', powerW: 100 })).state).toBe('ok');
    expect(missingCard('lost')).toEqual({ temperature: null, power: null, utilisation: null, state: 'lost' });
  });

  it('keeps its energy total while it sleeps, and all of it is unavailable while the recorder is offline', () => {
    const home = homeWith(readings(frameWith({ coreTempC: 'asleep', powerW: 'asleep' }), 9e6));
    expect(home.state('energy')).toBe('2.5');
    home.receive(statusTopic(root), 'offline', false);
    expect([...home.entities().values()].every(({ state }) => state === undefined)).toBe(true);
  });

  it('lists what fires in at most 255 characters', () => {
    expect(problemOf(['GPU lost', 'Core hot'], 'None')).toEqual({ problem: 'ON', alerts: 'GPU lost; Core hot' });
    const long = problemOf(
      Array.from({ length: 30 }, () => 'Memory at its limit'),
      'None',
    ).alerts;
    expect([long.length, long.endsWith('…')]).toEqual([255, true]);
  });
});

describe('a topic', () => {
  it('may be chosen freely, except what MQTT reserves', () => {
    for (const name of ['slowburn', 'home/gpu', 'büro/karten']) expect(isTopic(name), name).toBe(true);
    for (const name of ['', '#', 'a/+', '$SYS/x', '/a', 'a/', 'a\0b']) expect(isTopic(name), name).toBe(false);
  });
});
