import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../app/workload/adapters/adapter.ts';
import { createSessionOutputs } from '../../app/workload/adapters/session-outputs.ts';

/** The outputs of a session that begins at 0, from one status per second. */
function outputsOf(statuses: readonly ServerStatus[], stepMs = 1000) {
  const session = createSessionOutputs();
  statuses.forEach((status, i) => session.add(status, i * stepMs));
  session.beginAt(0);
  return session.outputs('llama.cpp', false)!;
}
const made = (count: number) => ({ made: { unit: 'token' as const, count } });

describe('the speed of a session', () => {
  it('is generated tokens by the server’s own generating time, whatever it did before', () => {
    const { speed, count } = outputsOf([
      { ...made(10_000), generatingMs: 1_000_000, running: 1 },
      { ...made(10_050), generatingMs: 1_001_000, running: 0 },
      { ...made(10_050), generatingMs: 1_001_000, running: 0 },
      { ...made(10_100), generatingMs: 1_002_000, running: 0 },
    ]);
    expect([count, speed]).toEqual([100, { value: 50, unit: 'tok/s' }]);
  });

  it('is limited by the time that was seen, if a counter adds up requests that ran at once', () => {
    const { speed } = outputsOf([
      { ...made(0), generatingMs: 0, running: 4 },
      { ...made(0), generatingMs: 0, running: 4 },
      { ...made(400), generatingMs: 8000, running: 4 },
    ]);
    expect(speed).toEqual({ value: 200, unit: 'tok/s' });
  });

  it('is by the time between statuses with a request, where there is no counter', () => {
    const { speed } = outputsOf([
      { ...made(0), running: 1 },
      { ...made(30), running: 1 },
      { ...made(60), running: 0 },
      { ...made(60), running: 0 },
      { ...made(60), running: 0 },
    ]);
    expect(speed).toEqual({ value: 60, unit: 'tok/s' });
  });

  it.each([
    [10_000, 3],
    [10_001, undefined],
  ])('takes statuses %d ms apart as connected: %s', (stepMs, value) => {
    const { speed } = outputsOf(
      [
        { ...made(0), running: 1 },
        { ...made(30), running: 1 },
      ],
      stepMs,
    );
    expect(speed?.value).toBe(value);
  });

  it('is not known if nothing reports when the server worked', () =>
    expect(outputsOf([made(0), made(30)]).speed).toBeUndefined());

  it('of images is the mean of the reported steps per second while they were made', () => {
    const image = (value: number, running: number) => ({
      made: { unit: 'image' as const, count: 1 },
      running,
      speed: { value, unit: 'it/s' as const },
    });
    expect(outputsOf([image(4, 1), image(0, 1), image(6, 1), image(90, 0)]).speed).toEqual({ value: 5, unit: 'it/s' });
  });
});

describe('the tokens of a session', () => {
  it('are generated, read, and read from a cache, each by its own counter', () => {
    const { count, promptTokens, cachedPromptTokens } = outputsOf([
      { ...made(5), promptTokens: 100, cachedPromptTokens: 50 },
      { ...made(9), promptTokens: 300, cachedPromptTokens: 200 },
    ]);
    expect([count, promptTokens, cachedPromptTokens]).toEqual([4, 200, 150]);
  });

  it('are not reported, rather than 0, where the server does not report them', () =>
    expect(outputsOf([made(5), made(9)])).toEqual({ unit: 'token', count: 4, countedBy: 'llama.cpp' }));

  it('are 0 where the server reports that', () =>
    expect(
      outputsOf([
        { ...made(5), promptTokens: 7 },
        { ...made(9), promptTokens: 7 },
      ]).promptTokens,
    ).toBe(0));

  it('are a lower bound if one answer did not report its prompt', () =>
    expect(
      outputsOf([
        { ...made(0), promptTokens: 0 },
        { ...made(9), promptTokens: 7, promptAtLeast: true },
      ]),
    ).toMatchObject({ promptTokens: 7, promptAtLeast: true }));

  it('never fall below 0, whatever counters a server reports, and the speed is a number', () => {
    const counter = fc.option(fc.double({ noDefaultInfinity: true, noNaN: true }), { nil: undefined });
    const status = fc.record({ tokens: fc.nat(1e6), ms: counter, read: counter, cached: counter, running: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(status, { minLength: 1, maxLength: 20 }), (list) => {
        const found = outputsOf(
          list.map(({ tokens, ms, read, cached, running }) => ({
            ...made(tokens),
            running,
            ...(ms !== undefined && { generatingMs: ms }),
            ...(read !== undefined && { promptTokens: read }),
            ...(cached !== undefined && { cachedPromptTokens: cached }),
          })),
        );
        for (const value of [
          found.count,
          found.promptTokens ?? 0,
          found.cachedPromptTokens ?? 0,
          found.speed?.value ?? 0,
        ])
          expect(value >= 0 && Number.isFinite(value)).toBe(true);
      }),
    );
  });
});
