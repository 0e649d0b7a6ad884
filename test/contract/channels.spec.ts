import { describe, expect, it, onTestFinished } from 'vitest';
import { createAnswers } from '../../app/recorder/answers.ts';
import { channels, checkRequest, pushes, type Channel, type ChannelOf } from '../../app/contract/channels.ts';
import { resultOf } from '../../app/core/schema.ts';
import { tick as tickSchema } from '../../app/telemetry/schema.ts';
import { createJobs } from '../../app/jobs/jobs.node.ts';
import { ok } from '../../app/core/result.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { memoryLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { createWearTracker } from '../../app/wear/tracker.ts';
import { stressTestShapes, standardPlan } from '../../app/load/schedule.ts';
import { deliveriesWith } from '../support/deliveries.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { threads } from '../support/folders.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1);
const uuid = testGpu().uuid;

function answersOfASmallHistory() {
  const { store, file } = openStore();
  const wear = createWearTracker(store, memoryLedgerStore());
  for (let i = 0; i < 120; i++) {
    const frame = frameWith({ coreTempC: 50 + (i % 20), powerW: 200, memTempC: 'unsupported' });
    const tick = tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frame]);
    wear.feed(tick, store.append(tick));
  }
  store.appendGap({ fromMs: START + 60_000, toMs: START + 61_000, reason: 'restarted' });
  const session = { id: store.sessions.begin('test', 'test --x', START, 1), startedMs: START };
  store.finishSession(session, START + 60_000, 0, new Set());
  const governor = {
    status: () => ({ enabled: false, held: [], powerLimits: [], pending: [], log: [] }),
    tryLimit: async () => ok(undefined),
    confirmLimit: () => true,
    restoreLimit: async () => ok(undefined),
  };
  const jobs = createJobs(threads, file, () => undefined);
  onTestFinished(() => jobs.cancelAll());
  return createAnswers({
    store,
    wear,
    governor,
    recording: { act: () => true, lastTickMs: () => START + 120_000 },
    makeReport: async () => ok('<!doctype html>'),
    jobs,
    deliveries: deliveriesWith({ command: { ...defaultSettings.alerts.channels.command, command: ['true'] } }),
    limits: noLimits,
    addPrices: () => ok('196 prices'),
    tariff: () => ({ pricePerKwh: 0.3, tariff: [], market: undefined }),
    sampleNow: () => undefined,
    handOver: () => ok(undefined),
  });
}

const limit = { suspended: false, inForce: 365, pending: null };
const noLimits = () => ({ retentionDays: limit, historyCapMb: { ...limit, pending: { value: 50, fromMs: START } } });

/** A good question for each channel of the collector. */
const good: Record<ChannelOf<'collector'>, unknown> = {
  'gpus.list': undefined,
  'history.extent': undefined,
  'history.range': {
    gpuUuid: uuid,
    metrics: ['coreTempC', 'memTempC'],
    fromMs: START,
    toMs: START + 120_000,
    buckets: 60,
  },
  'history.marks': { fromMs: START, toMs: START + 120_000 },
  'history.totals': { gpuUuid: uuid, fromMs: START, toMs: START + 120_000 },
  'history.storage': { retentionDays: 30, historyCapMb: null },
  'jobs.begin': { kind: 'check' },
  'jobs.cancel': { id: 1 },
  'jobs.list': undefined,
  'wear.exposure': { gpuUuid: uuid },
  'wear.card': { gpuUuid: uuid },
  'wear.mark': { gpuUuid: uuid, mark: { tsMs: START, kind: 'cleaning', text: 'compressed air' } },
  'alerts.newest': { limit: 10 },
  'alerts.acknowledge': { gpuUuid: uuid, rule: 'gpu-lost' },
  'alerts.snooze': { gpuUuid: null, rule: 'driver-silent', forMs: 3_600_000 },
  'alerts.preview': { rule: 'core-fixed', settings: { rules: { 'core-fixed': { limit: 70, on: true } } } },
  'notify.states': undefined,
  'notify.test': { channel: 'command' },
  'notify.setSecret': { channel: 'webhook', name: 'url', value: 'https://example.org/hook' },
  'xids.newest': { limit: 10 },
  'incidents.newest': { limit: 10 },
  'sessions.newest': { limit: 10 },
  'models.idle': undefined,
  'governor.status': undefined,
  'governor.tryLimit': { gpuUuid: uuid, limitW: 200 },
  'governor.confirmLimit': { gpuUuid: uuid },
  'governor.restoreLimit': { gpuUuid: uuid },
  'prices.add': { path: '/prices.csv', series: 'AT', zone: 'Europe/Vienna', locale: 'en' },
  'report.preview': { gpuUuid: uuid, fromMs: START, toMs: START + 1000, locale: 'en' },
  'report.make': { gpuUuid: uuid, fromMs: START, toMs: START + 1000, format: 'html', path: '/r.html', locale: 'en' },
  'recorder.handOver': undefined,
  'sample.take': undefined,
};

/** A good question for each channel of main that takes one. */
const goodForMain: Partial<Record<ChannelOf<'main'>, unknown>> = {
  'app.reportFault': { text: 'Error: the page failed' },
  'desktop.startAtLogin': { on: true },
  'settings.set': defaultSettings,
  'prices.import': { series: null, zone: 'Europe/Vienna' },
  'report.save': { gpuUuid: uuid, fromMs: START, toMs: START + 1000, format: 'html' },
  'stressTest.start': { shape: stressTestShapes[0], gpuUuid: uuid, plan: standardPlan },
  'jobs.start': { kind: 'export', format: 'csv', fromMs: START, toMs: START + 1, metrics: [], gpuUuids: [uuid] },
};

/** All questions that differ from a good one by one field, at any depth, that is named and has no value. */
function* withoutValue(question: unknown): Iterable<unknown> {
  if (typeof question !== 'object' || question === null) return;
  const put = (key: string, value: unknown): unknown =>
    Array.isArray(question) ? question.with(Number(key), value) : { ...question, [key]: value };
  for (const [key, part] of Object.entries(question)) {
    yield put(key, undefined);
    for (const inner of withoutValue(part)) yield put(key, inner);
  }
}

/** What a page that was taken over might send. */
const hostile: readonly unknown[] = [
  null,
  0,
  -1,
  Number.NaN,
  Infinity,
  '',
  'x'.repeat(1e6),
  true,
  [],
  [[[]]],
  {},
  { gpuUuid: null },
  { gpuUuid: { $ne: '' }, fromMs: 0, toMs: 1 },
  { gpuUuid: 'x'.repeat(10_000), metrics: ['coreTempC'], fromMs: 0, toMs: 1, buckets: 1 },
  { gpuUuid: uuid, metrics: ["coreTempC'; DROP TABLE sample; --"], fromMs: 0, toMs: 1, buckets: 1 },
  { gpuUuid: uuid, metrics: ['__proto__'], fromMs: 0, toMs: 1, buckets: 1 },
  { gpuUuid: uuid, metrics: ['constructor'], fromMs: 0, toMs: 1, buckets: 1 },
  { gpuUuid: uuid, metrics: Array.from({ length: 10_000 }, () => 'coreTempC'), fromMs: 0, toMs: 1, buckets: 1 },
  { gpuUuid: uuid, metrics: ['coreTempC'], fromMs: 0, toMs: 1, buckets: 1e9 },
  { gpuUuid: uuid, metrics: ['coreTempC'], fromMs: 5, toMs: 1, buckets: 10 },
  { gpuUuid: uuid, metrics: ['coreTempC'], fromMs: Number.NaN, toMs: Infinity, buckets: 10 },
  { fromMs: 1e300, toMs: -1e300 },
  { limit: -1 },
  { limit: 1e12 },
  { limit: '10; SELECT 1' },
  JSON.parse('{"__proto__": {"limit": 5}, "limit": {"valueOf": 1}}'),
  { intervalMs: 1, theme: 'hotdog' },
  { unknownSetting: true },
  { dataFolder: '/etc' },
  { gpuUuid: uuid, fromMs: 0, toMs: 1, format: 'exe' },
];

const names = Object.keys(channels) as Channel[];

describe.each(['governor.tryLimit', 'governor.confirmLimit', 'governor.restoreLimit', 'stressTest.start'] as const)(
  '%s, which changes something',
  (channel) => {
    const request = (gpuUuid: unknown): unknown => ({
      gpuUuid,
      ...(channel === 'governor.tryLimit' && { limitW: 200 }),
      ...(channel === 'stressTest.start' && { shape: 'diffusion', plan: {} }),
    });

    it('takes the identifier of a GPU, and no text that could be more than that', () => {
      expect(checkRequest(channel, request('GPU-5f1b2c3d-0000-1111-2222-333344445555')).ok).toBe(true);
      expect(checkRequest(channel, request('00000000:01:00.0')).ok).toBe(true);
      const injected = [
        'GPU-x 300\nstop 1 2\ncap GPU-y',
        'GPU-x\n',
        'GPU x',
        '',
        'x'.repeat(81),
        'GPU-\0',
        'GPÜ',
        '$(id)',
        null,
      ];
      for (const uuid of injected) expect(checkRequest(channel, request(uuid)).ok, JSON.stringify(uuid)).toBe(false);
    });
  },
);

describe.each(Object.keys(good) as ChannelOf<'collector'>[])('%s', (channel) => {
  it('answers a good question in the form of its schema, which strips nothing', async () => {
    const answer = await answersOfASmallHistory()(channel, good[channel]);
    expect(answer.ok, JSON.stringify(answer)).toBe(true);
    const checked = resultOf(channels[channel].response).safeParse(answer);
    expect(checked.success, checked.error?.message).toBe(true);
    expect(checked.data).toEqual(answer);
  });

  it('answers a hostile question with a coded error, and throws at none', async () => {
    const answer = answersOfASmallHistory();
    for (const payload of hostile) {
      const result = await answer(channel, payload);
      if (!result.ok) expect(['invalid-request', 'not-found']).toContain(result.error.code);
      else expect(checkRequest(channel, payload).ok, JSON.stringify(payload)?.slice(0, 80)).toBe(true);
    }
  });
});

describe('the table of channels', () => {
  it('has a good question here for each channel of the collector', () => {
    expect(Object.keys(good).sort()).toEqual(names.filter((name) => channels[name].by === 'collector').sort());
  });

  it.each(names)('%s refuses what it did not ask for', (name) => {
    const refused = hostile.filter((payload) => !checkRequest(name, payload).ok);
    // an empty change of settings is the only hostile-looking question that is a fair one
    const fair = hostile.length - refused.length;
    expect(fair).toBeLessThanOrEqual(name === 'settings.set' ? 1 : 0);
  });

  it('names what does not fit', () => {
    const refused = checkRequest('history.range', { ...(good['history.range'] as object), buckets: 0 });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'invalid-request', message: expect.stringContaining('buckets') },
    });
  });

  it('knows of an unknown GPU that it is not there', async () => {
    const answer = await answersOfASmallHistory()('history.range', {
      ...(good['history.range'] as object),
      gpuUuid: 'GPU-other',
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  it.each(names)('%s refuses a field that is named and has no value, at any depth', (name) => {
    const question = { ...good, ...goodForMain }[name];
    const takesNone = channels[name].request.safeParse(undefined).success;
    expect(question === undefined, 'has a good question here, or takes none').toBe(takesNone);
    expect(checkRequest(name, question)).toMatchObject({ ok: true });
    for (const payload of withoutValue(question))
      expect(checkRequest(name, payload), JSON.stringify(payload)).toMatchObject({
        ok: false,
        error: { code: 'invalid-request' },
      });
  });

  it.each(['retentionDays', 'historyCapMb', 'intervalMs', 'theme'])('names %s when it has no value', (key) => {
    const refused = checkRequest('settings.set', { [key]: undefined });
    expect(refused).toMatchObject({ ok: false, error: { message: expect.stringContaining(key) } });
  });

  it('ends on a question that holds itself', () => {
    const circle: Record<string, unknown> = { limit: 10 };
    circle['self'] = circle;
    for (const name of names) expect(checkRequest(name, circle).ok).toBe(false);
  });

  it('changes no setting that is not named', () => {
    for (const [key, value] of Object.entries(defaultSettings))
      expect(checkRequest('settings.set', { [key]: value })).toEqual(ok({ [key]: value }));
    expect(checkRequest('settings.set', { theme: 'neon' }).ok).toBe(false);
  });

  it('lets no setting through that does not exist', () => {
    expect(checkRequest('settings.set', { pricePerKwh: 0.3 }).ok).toBe(true);
    expect(checkRequest('settings.set', { ...defaultSettings, hacked: 1 }).ok).toBe(false);
  });
});

describe('a push', () => {
  it('of a tick keeps its readings through the structured clone', () => {
    const tick = tickWith(START, 1000, [frameWith({ coreTempC: 67, memTempC: 'lost' })]);
    const copied = tickSchema.parse(structuredClone(tick));
    expect(copied.gpus[0]!.frame).toEqual(tick.gpus[0]!.frame);
  });

  it.each(Object.keys(pushes) as (keyof typeof pushes)[])('%s refuses what it is not', (name) => {
    for (const payload of hostile.slice(0, 8)) {
      if (name === 'alerts' && Array.isArray(payload)) continue;
      expect(pushes[name].safeParse(payload).success).toBe(false);
    }
  });
});
