import fc from 'fast-check';
import * as z from 'zod';
import { describe, expect } from 'vitest';
import { createAnswers } from '../../app/recorder/answers.ts';
import { channels, checkRequest, type Channel, type ChannelOf } from '../../app/contract/channels.ts';
import { resultOf } from '../../app/core/schema.ts';
import { ok } from '../../app/core/result.ts';
import { memoryLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { createWearTracker } from '../../app/wear/tracker.ts';
import { deliveriesWith } from '../support/deliveries.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { fuzz } from '../support/fuzz.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1);
const gpu = testGpu().uuid;

const identifiers = [
  ...[
    gpu,
    '',
    ' ',
    'GPU-x 300\nstop 1 1\ncap GPU-y',
    '../../etc/passwd',
    '__proto__',
    'constructor',
    '\0',
    '\u001b[2J',
  ],
  ...["' OR 1=1 --", '$(reboot)', '`id`', '%00', 'x'.repeat(10_000), '\ud800', '\u202eGPU', 'https://example.org/'],
];
const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 53,
  1e308,
  5e-324,
  START,
  START + 60_000,
];
const anything = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, [], {}, ...identifiers, ...numbers),
  fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true, maxDepth: 3 }),
);

type JsonSchema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly (JsonSchema | boolean)[];
  readonly oneOf?: readonly (JsonSchema | boolean)[];
  readonly allOf?: readonly (JsonSchema | boolean)[];
  readonly items?: JsonSchema | boolean;
  readonly properties?: Readonly<Record<string, JsonSchema | boolean>>;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** Mostly what a schema asks for, and here and there something else: at any depth, at both ends of each range. */
function questions(schema: JsonSchema | boolean): fc.Arbitrary<unknown> {
  if (typeof schema === 'boolean') return anything; // any value fits, or none
  const { anyOf = schema.oneOf, allOf } = schema;
  const fitting = (): fc.Arbitrary<unknown> => {
    if ('const' in schema) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if (anyOf) return fc.oneof(...anyOf.map(questions));
    if (allOf)
      return fc.tuple(...allOf.map(questions)).map((parts) => Object.assign({}, ...(parts as object[])) as unknown);
    switch (schema.type) {
      case 'object': {
        const parts = Object.entries(schema.properties ?? {}).map(([key, part]) => [key, questions(part)] as const);
        return fc.oneof(
          { weight: 5, arbitrary: fc.record(Object.fromEntries(parts)) },
          { weight: 1, arbitrary: fc.record(Object.fromEntries(parts), { requiredKeys: [] }) },
          { weight: 1, arbitrary: fc.record({ ...Object.fromEntries(parts), unknown: anything }) },
        );
      }
      case 'array':
        return fc.array(questions(schema.items ?? {}), { maxLength: 4 });
      case 'string':
        return fc.oneof(
          fc.constant(gpu),
          fc.constantFrom('coreTempC', 'EUR', 'en', 'x'),
          fc.constantFrom(...identifiers),
        );
      case 'integer':
      case 'number': {
        const [low, high] = [schema.minimum ?? -8.64e15, schema.maximum ?? 8.64e15];
        return fc.oneof(
          fc.constantFrom(low, high, low - 1, high + 1, START),
          fc.integer({ min: Math.ceil(Math.max(low, -(2 ** 31))), max: Math.floor(Math.min(high, 2 ** 31)) }),
          fc.constantFrom(...numbers),
        );
      }
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return fc.constant(undefined);
    }
  };
  return fc.oneof({ weight: 9, arbitrary: fitting() }, { weight: 1, arbitrary: anything });
}

/** Every number and text that a handler is given, and what is named without a value. */
function* leaves(value: unknown): Iterable<unknown> {
  if (typeof value !== 'object' || value === null) yield value;
  else for (const part of Object.values(value)) yield* leaves(part);
}

function answers() {
  const { store } = openStore();
  const wear = createWearTracker(store, memoryLedgerStore());
  for (let i = 0; i < 60; i++) {
    const tick = tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frameWith({ coreTempC: 50, powerW: 200 })]);
    wear.feed(tick, store.append(tick));
  }
  const governor = {
    status: () => ({ enabled: false, held: [], powerLimits: [], pending: [], log: [] }),
    tryLimit: async () => ok(undefined),
    confirmLimit: () => true,
    restoreLimit: async () => ok(undefined),
  };
  const jobs = {
    begin: () => ok({ id: 1, kind: 'check', state: 'running', share: 0 } as const),
    cancel: () => false,
    list: () => [],
    cancelAll: async () => undefined,
  };
  return createAnswers({
    store,
    wear,
    governor,
    recording: { act: () => true, lastTickMs: () => START + 120_000 },
    makeReport: async () => ok('<!doctype html>'),
    jobs,
    deliveries: deliveriesWith(),
    limits: noLimits,
    addPrices: () => ok('196 prices'),
    tariff: () => ({ pricePerKwh: 0.3, tariff: [], market: undefined }),
    sampleNow: () => undefined,
    handOver: () => ok(undefined),
  });
}

const limit = { suspended: false, inForce: 365, pending: null };
const noLimits = () => ({ retentionDays: limit, historyCapMb: { ...limit, pending: { value: 50, fromMs: START } } });

const isOfCollector = (name: Channel): name is ChannelOf<'collector'> => channels[name].by === 'collector';

describe('a question', () => {
  for (const name of Object.keys(channels) as Channel[])
    fuzz(`to ${name} is refused, or fits its schema and is answered`, () => {
      const { request, response } = channels[name];
      const schema = z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
      const answer = answers();
      return [
        questions(schema),
        async (question) => {
          const checked = checkRequest(name, question);
          if (checked.ok) {
            for (const leaf of checked.value === undefined ? [] : leaves(checked.value)) {
              expect(leaf, 'a field that has no value').not.toBeUndefined();
              if (typeof leaf === 'number') expect(Number.isFinite(leaf)).toBe(true);
            }
          } else expect(checked.error.code).toBe('invalid-request');
          if (!isOfCollector(name)) return;
          const said = await answer(name, question);
          expect(resultOf(response).safeParse(said).success).toBe(true);
          if (!checked.ok) expect(said).toMatchObject({ ok: false });
        },
      ];
    });
});
