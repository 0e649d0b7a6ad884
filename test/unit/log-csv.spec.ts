import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { parseMoment } from '../../app/telemetry/logs/moments.ts';
import { findRounds } from '../../app/telemetry/logs/rounds.ts';
import { readLogFile, readLogText } from '../support/logs.ts';
import { sharedCase } from '../support/shared.ts';

const two = (n: number): string => String(n).padStart(2, '0');

/** A log of nvidia-smi of cards that only their order tells apart. @param stepMs between the rows of a round */
const rig = (rounds: number, stepMs: number, names: readonly string[] | undefined, cards = 4): string =>
  [
    `timestamp, ${names ? 'name, ' : ''}temperature.gpu, power.draw [W]`,
    ...Array.from({ length: rounds * cards }, (_, i) => {
      const [round, card] = [Math.floor(i / cards), i % cards];
      const stamp = `2018/03/18 10:00:${two(round)}.${String(100 + card * stepMs).padStart(3, '0')}`;
      return `${stamp}, ${names ? `${names[card]!}, ` : ''}${60 + card * 5}, ${100 + card}.50 W`;
    }),
  ].join('\n');
const MODELS = ['GeForce GTX 1080 Ti', 'GeForce GTX 1080 Ti', 'GeForce GTX 1080 Ti', 'GeForce GTX 1080'];

describe('a CSV of several cards that only their order tells apart', () => {
  it.each([
    ['with names, 3 ms apart', 3, MODELS],
    ['with equal stamps', 0, MODELS],
    ['of one model', 3, Array<string>(4).fill('Tesla K80')],
    ['without names', 3, undefined],
  ])('%s is read as that many cards', (_, stepMs, names) => {
    const log = readLogText(rig(10, stepMs, names));
    expect(log.refused).toBeUndefined();
    expect(log.bad).toEqual([]);
    expect(log.cards).toEqual(['0', '1', '2', '3']);
    for (const [card, tempC] of [60, 65, 70, 75].entries())
      expect(log.values('coreTempC', String(card))).toEqual(Array(10).fill(tempC));
    expect(log.samples[3]!.gpu).toMatchObject({ index: 3, ...(names ? { name: names[3] } : {}) });
  });

  it('is played as rounds of that many cards', () => {
    for (const stepMs of [0, 3]) {
      const recording = readRecording(rig(5, stepMs, MODELS), 'rig.csv');
      if (!recording.ok) throw new Error(recording.error.message);
      expect(recording.value.samples.map(({ gpus }) => gpus.length)).toEqual([4, 4, 4, 4, 4]);
      expect(new Set(recording.value.samples.flatMap(({ gpus }) => gpus.map(({ gpu }) => gpu.uuid))).size).toBe(4);
    }
  });

  it('names the rows of a round in which a card is missing, and keeps the other rounds', () => {
    const lines = rig(6, 3, MODELS).split('\n');
    lines.splice(1 + 4 * 3, 1);
    const log = readLogText(lines.join('\n'));
    expect(log.bad.map((line) => line.split(':')[0])).toEqual(['14', '15', '16']);
    expect(log.values('coreTempC', '0')).toHaveLength(5);
  });

  it('is refused where several models come in no order', () => {
    const lines = rig(6, 3, MODELS).split('\n');
    const { refused, next, samples } = readLogText(lines.filter((_, i) => i % 5 !== 3).join('\n'));
    expect(samples).toEqual([]);
    expect(refused).toContain('no column tells which row is of which GPU');
    expect(next).toContain('uuid');
  });

  it('is refused where two rows of a second may be two cards or one card twice', () => {
    const rows = Array.from({ length: 20 }, (_, i) => `2025-01-01 10:00:${two(i >> 1)},${60 + (i % 2)}`);
    expect(readLogText(['time,temp', ...rows].join('\n')).refused).toContain('which row is of which GPU');
  });

  it.each(['rig.csv', 'rig-noname.csv'])('is four cards, as a real one shows: %s', (name) => {
    const real = sharedCase(`cards-told-apart-by-model/${name}`);
    if (!real) return;
    const log = readLogFile(real);
    expect([log.cards, log.bad]).toEqual([['0', '1', '2', '3'], []]);
    expect(new Set(log.values('coreTempC', '0'))).toEqual(new Set([84]));
    expect(new Set(log.values('coreTempC', '3'))).toEqual(new Set([70]));
    expect(log.states('fanPct')[0]).toBe('failed');
  });

  it('keeps every card its own rows, whatever the pace', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 1000, max: 60_000 }),
        (cards, rounds, stepMs, everyMs) => {
          const stamps = Array.from(
            { length: cards * rounds },
            (_, i) => Math.floor(i / cards) * everyMs + (i % cards) * stepMs,
          );
          expect(findRounds(stamps, true).size).toBe(cards);
        },
      ),
    );
  });

  it('is one card at a steady pace, at any interval that nvidia-smi can keep', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 10_000 }), fc.integer({ min: 2, max: 600 }), (everyMs, rows) => {
        const stamps = Array.from({ length: rows }, (_, i) => i * everyMs);
        expect(findRounds(stamps, rows < 512)).toEqual({ size: 1, apartMs: 0 });
      }),
    );
  });
});

describe('a CSV whose card was lost', () => {
  const [uuid, header] = [
    'GPU-aaaaaaaa-1111-2222-3333-444444444444',
    'timestamp, uuid, name, temperature.gpu, power.draw [W]',
  ];
  const text = [
    header,
    `2024/05/01 10:00:00.100, ${uuid}, NVIDIA GeForce RTX 3090, 71, 340.10 W`,
    `2024/05/01 10:00:01.100, ${uuid}, NVIDIA GeForce RTX 3090, [GPU requires reset], [GPU requires reset]`,
    'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU',
    '2024/05/01 10:00:03.100, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]',
  ].join('\n');

  it('has one card, and the row without an identity is reported', () => {
    const log = readLogText(text);
    expect(log.cards).toEqual([uuid]);
    expect(log.states('coreTempC')).toEqual(['value', 'lost']);
    expect(log.bad).toEqual([
      '4: It does not have the fields of the header.',
      '5: It does not say which GPU it is about.',
    ]);
  });

  const real = sharedCase('csv-lost-gpu/lost.csv');
  it.runIf(real)('is read, as a real one shows', () => {
    const log = readLogFile(real!);
    expect(log.cards).toEqual([uuid]);
    expect(log.states('powerW')).toEqual(['value', 'lost', 'failed']);
    expect(log.bad).toHaveLength(2);
  });
});

describe('a column that a CSV does not have', () => {
  it('is not reported by this source, which is not the same as not supported by the card', () => {
    const log = readLogText('timestamp, temperature.gpu, memory.used [MiB]\n2025/11/24 14:08:55.751, 38, [N/A]');
    expect(log.states('powerW')).toEqual(['unreported']);
    expect(log.states('vramUsedBytes')).toEqual(['unsupported']);
  });

  const real = sharedCase('csv-column-not-logged/gb10.csv');
  it.runIf(real)('is not reported, as a real one shows', () => {
    const log = readLogFile(real!);
    expect(new Set(log.states('powerW'))).toEqual(new Set(['unreported']));
    expect(new Set(log.states('vramUsedBytes'))).toEqual(new Set(['unsupported']));
    expect(log.values('coreTempC')).toEqual([38, 38, 38, 38, 38]);
  });

  const untimed = sharedCase('csv-column-not-logged/gb10-no-timestamp.csv');
  it.runIf(untimed)('nor is a time: it is played, and not imported', () => {
    const text = fs.readFileSync(untimed!, 'utf8');
    expect(readLogText(text).refused).toBe('The log does not say when its rows were taken.');
    expect(readRecording(text, 'x')).toMatchObject({ ok: true, value: { samples: [{ gpus: [{}] }] } });
  });
});

describe('a stamp', () => {
  const at = Date.UTC(2026, 4, 2, 10, 0, 1);
  it.each([
    ['2026/05/02 10:00:01.123', { wallMs: at + 123 }],
    ['2026-05-02T10:00:01', { wallMs: at }],
    ['2026-05-02 10:00:01.5', { wallMs: at + 500 }],
    ['2026-05-02T10:00:01Z', { tsMs: at }],
    ['2026-05-02T10:00:01,123456789+02:00', { tsMs: at + 123 - 7_200_000 }],
    ['2026-05-02 10:00:01-0530', { tsMs: at + 19_800_000 }],
    ['02.05.2026 10:00:01', { wallMs: at }],
    ['02/05/2026 10:00', { wallMs: at - 1000 }],
    ['2/5/2026, 10:00:01 AM', { wallMs: at }],
    ['Sat May  2 10:00:01 2026', { wallMs: at }],
    [String(at / 1000), { tsMs: at }],
    [`${at / 1000},5`, { tsMs: at + 500 }],
    [String(at), { tsMs: at }],
    ['23:59:01', { dayMs: 86_341_000 }],
    ['yesterday', undefined],
    ['2026-05-02', undefined],
    ['32/05/2026 10:00:01', undefined],
  ])('%s is read', (text, moment) => {
    expect(parseMoment(text, 'dmy')).toEqual(moment);
  });

  it('with a comma before parts of a second is one cell, not two', () => {
    const log = readLogText(
      'timestamp,utilization.gpu,power.draw\n2026-05-02T10:00:01,123456789+02:00,97, 310.20\n2026-05-02T10:00:02,97, 311.20',
    );
    expect(log.values('powerW')).toEqual([310.2, 311.2]);
    expect(log.stamps).toEqual([at + 123 - 7_200_000, at + 1000]);
    expect(log.bad).toEqual([]);
  });

  const iso = sharedCase('csv-iso-time/gpu_log.csv');
  it.runIf(iso)('of ISO 8601 is read, as a real log shows', () => {
    const log = readLogFile(iso!);
    expect(log.values('powerW')).toEqual([310.2, 312.2]);
    expect(log.values('gpuUtilPct')).toEqual([97, 98]);
    expect(log.stamps[1]! - log.stamps[0]!).toBe(200);
  });

  it('that cannot be read is named', () => {
    expect(readLogText('timestamp, temperature.gpu\nsoon, 38').bad).toEqual(['2: “soon” is not a date and time.']);
  });
});
