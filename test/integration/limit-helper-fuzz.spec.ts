import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkRequest } from '../../app/contract/channels.ts';
import { alphabet, frameOf, verbs } from '../../app/governor/helper/frame.ts';
import { helperScript } from '../../app/governor/helper/script.ts';
import { watchdogScript } from '../../app/governor/helper/watchdog.ts';
import { openLimitHelper } from '../../app/governor/limit-helper.node.ts';
import { sleeper, until } from '../support/processes.ts';
import { ORIGINAL_W, stubSmi } from '../support/stub-smi.ts';

const RUNS = { numRuns: 500, seed: 7 };
const hex = (text: string): string => Buffer.from(text).toString('hex');
const LISTED = ['GPU-0', 'GPU-1'];

/** Pieces that a shell, a line, a frame or a driver could take for more than they are. */
const pieces = [
  ...LISTED,
  'GPU-mute',
  '0',
  '1',
  '250',
  ' ',
  '\n',
  '\r',
  '\0',
  '\t',
  ';',
  '&',
  '|',
  '>',
  '*',
  '?',
  '..',
  '-pl',
  '-i',
  '$(id)',
  '`id`',
  '$IFS',
  '"',
  "'",
  '\\',
  ',',
  'limit,GPU-1,120',
  'stop,1,1',
  '\u202e',
  'é',
  ...verbs,
  ...LISTED.map((uuid) => `limit ${hex(uuid)} ${hex('250')}`),
];
const hostile = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((list) => list.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
  { weight: 1, arbitrary: fc.constantFrom(...LISTED) },
);
const watts = fc.oneof(fc.integer({ min: -10, max: 5000 }), fc.double(), fc.constantFrom(100, 250, 400));

describe('a command to the limit helper', () => {
  it('is one line of one verb, whatever strings its fields hold', () => {
    fc.assert(
      fc.property(fc.constantFrom(...verbs), fc.array(hostile, { maxLength: 4 }), (verb, fields) => {
        const frame = frameOf(verb, fields);
        const fits = fields.every((field) => /^[A-Za-z0-9.:/-]{1,80}$/.test(field));
        expect(frame.ok).toBe(fits);
        if (!frame.ok) return;
        expect(frame.value).toMatch(/^[a-z]+( [0-9a-f]+)*\n$/);
        const [first, ...rest] = frame.value.trim().split(' ');
        expect([first, ...rest.map((field) => Buffer.from(field, 'hex').toString())]).toEqual([verb, ...fields]);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it('can name exactly what the control channels let through', () => {
    const fits = (gpuUuid: string): boolean => checkRequest('governor.tryLimit', { gpuUuid, limitW: 200 }).ok;
    for (let code = 0; code < 0x250; code++) {
      const char = String.fromCharCode(code);
      expect([char, fits(char)]).toEqual([char, alphabet.includes(char)]);
    }
    expect([fits(''), fits('x'.repeat(80)), fits('x'.repeat(81))]).toEqual([false, true, false]);
  });

  it('changes at most the one card that was named, within its limits, and no process', async () => {
    const stub = stubSmi();
    const bystander = sleeper();
    const helper = openLimitHelper(stub);
    onTestFinished(helper.close);
    let seen = 0;
    const news = (): string[] => stub.changes().slice(seen);
    await fc.assert(
      fc.asyncProperty(hostile, watts, hostile, async (gpuUuid, limitW, startedAt) => {
        seen = stub.changes().length;
        const set = await helper.setLimit(gpuUuid, limitW);
        await helper.hold([{ pid: bystander.pid, startedAt }]);
        await helper.resume([{ pid: startedAt as unknown as number, startedAt: gpuUuid }]);
        if (set.ok) await helper.restoreLimit(gpuUuid);
        const whole = Math.round(limitW);
        const allowed = LISTED.includes(gpuUuid) && whole >= 100 && whole <= 400;
        expect([set.ok, news()]).toEqual(
          allowed ? [true, [`${gpuUuid} ${whole}`, `${gpuUuid} ${ORIGINAL_W}`]] : [false, []],
        );
        expect(bystander.stopped()).toBe(false);
      }),
      RUNS,
    );
  });
});

/** A watchdog that only writes down the lines it receives. */
const SCRIBE = 'while IFS= read -r line; do printf "%s\\n" "$line" >> "$1.told"; done';

function rawHelper(watchdog: string) {
  const stub = stubSmi();
  const args = ['-c', helperScript, 'slowburn-limit-helper', stub.journal, stub.smi, watchdog];
  const helper = spawn('/bin/sh', args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const closed = new Promise((resolve) => helper.on('close', resolve));
  onTestFinished(() => void helper.stdin.end());
  const lines = createInterface({ input: helper.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  return { stub, helper, closed, next };
}

describe('the limit helper itself', () => {
  const fields = fc.array(fc.oneof(hostile, hostile.map(hex), fc.constantFrom('250', '99', '401').map(hex)), {
    maxLength: 4,
  });
  const line = fc
    .oneof(
      hostile,
      fc.tuple(fc.constantFrom(...verbs), fields).map(([verb, list]) => [verb, ...list].join(' ')),
      fc
        .tuple(fc.constantFrom(...LISTED), fc.integer({ min: 90, max: 410 }))
        .map(([uuid, w]) => `limit ${hex(uuid)} ${hex(String(w))}`),
    )
    .map((text) => text.replaceAll('\n', ' '));

  it('answers each line once, and keeps to listed cards and their limits, whatever it is sent', async () => {
    const bystander = sleeper();
    const { stub, helper, closed, next } = rawHelper(watchdogScript);
    expect(await next()).toBe('ready');
    await fc.assert(
      fc.asyncProperty(line, async (text) => {
        const seen = stub.changes().length;
        helper.stdin.write(`${text}\n`);
        // the answer to a beat behind it is the second line, so the first line was one command
        helper.stdin.write('beat\n');
        expect(await next()).toMatch(/^(ok|no [a-z-]+( [ -~]*)?)$/);
        expect(await next()).toBe('ok');
        const news = stub.changes().slice(seen);
        const named = new Set(news.map((change) => change.split(' ')[0]));
        const within = news.every((change) => {
          const [uuid, limitW] = change.split(' ') as [string, string];
          return LISTED.includes(uuid) && Number(limitW) >= 100 && Number(limitW) <= 400;
        });
        expect([within, text.startsWith('undo') || named.size <= 1]).toEqual([true, true]);
        expect(bystander.stopped()).toBe(false);
      }),
      RUNS,
    );
    helper.stdin.end();
    await closed;
    expect(LISTED.map((uuid) => stub.limit(uuid))).toEqual([ORIGINAL_W, ORIGINAL_W]);
  });

  it('answers after its watchdog has begun to wait for the next heartbeat only, so that freezing it then is noticed', async () => {
    const { stub, helper, next } = rawHelper(SCRIBE);
    const told = (): string[] => fs.readFileSync(`${stub.journal}.told`, 'utf8').trim().split('\n');
    expect(await next()).toBe('ready');
    onTestFinished(() => void helper.kill('SIGCONT'));
    for (const watts of Array.from({ length: 20 }, (_, i) => 200 + i)) {
      helper.stdin.write(`limit ${hex('GPU-0')} ${hex(String(watts))}\n`);
      expect(await next()).toBe('ok');
      helper.kill('SIGSTOP');
      expect(await until(() => told().at(-1)!.startsWith('10 '), 5_000), `at ${watts} W`).toBe(true);
      helper.kill('SIGCONT');
    }
  });
});
