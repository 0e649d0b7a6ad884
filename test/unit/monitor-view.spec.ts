import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Line } from '../../app/core/styled-line.ts';
import { openTerminal } from '../../app/core/terminal.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { listenForKeys } from '../../cli/keys.ts';
import { createMonitorView } from '../../cli/monitor-view.ts';
import { bar } from '../../cli/table.ts';
import { frameWith, tickWith } from '../support/frames.ts';

const format = createFormatter('en', defaultSettings);
const textOf = (line: Line): string => (typeof line === 'string' ? line : line.text);

const HEAT = 0x20; // NVML: software thermal slowdown
const hot = { coreTempC: 88, tempSlowdownC: 93, powerW: 300, powerLimitW: 450, gpuUtilPct: 99, throttleReasons: HEAT };
const idle = { coreTempC: 40, tempSlowdownC: 93, powerW: 20, powerLimitW: 450, gpuUtilPct: 0, throttleReasons: 0 };
const busy = { ...idle, coreTempC: 70, powerW: 420, gpuUtilPct: 90 };
const wide = { fanPct: 55, vramUsedBytes: 20 * 2 ** 30, vramTotalBytes: 24 * 2 ** 30 };
const tickOf = (...cards: object[]) =>
  tickWith(
    0,
    1000,
    cards.map((values) => frameWith({ ...wide, ...values })),
  );

/** First words of the rows: the numbers of the cards. */
const orderOf = (lines: readonly Line[]): string[] => lines.slice(1).map((line) => textOf(line)[0]!);

describe('the table of monitor', () => {
  it('has the worst card first, then by number or by power, as the key s says', () => {
    const view = createMonitorView();
    const tick = tickOf(idle, busy, hot);
    expect(orderOf(view.lines(tick, format, undefined))).toEqual(['2', '1', '0']);
    expect(view.key('s')).toBe('redraw');
    expect(orderOf(view.lines(tick, format, undefined))).toEqual(['0', '1', '2']);
    view.key('s');
    expect(orderOf(view.lines(tick, format, undefined))).toEqual(['1', '2', '0']);
    view.key('s');
    expect(orderOf(view.lines(tick, format, undefined))).toEqual(['2', '1', '0']);
  });

  it('marks a card that is throttled by heat in red, and one that works in no colour', () => {
    const [, first, second] = createMonitorView().lines(tickOf(busy, hot), format, undefined);
    expect(first).toMatchObject({ style: 'red' });
    expect(typeof second).toBe('string');
  });

  it('leaves VRAM out first where the terminal is narrow, and keeps the status', () => {
    const view = createMonitorView();
    const [all] = view.lines(tickOf(busy), format, undefined).map(textOf);
    expect(all).toMatch(/GPU.*Core.*Power.*Load.*Status.*Fan.*VRAM/);
    const width = view.lines(tickOf(busy), format, undefined).map((line) => textOf(line).length);
    const [narrower] = view.lines(tickOf(busy), format, Math.max(...width) - 1).map(textOf);
    expect(narrower).toMatch(/Status.*Fan$/);
  });

  it('fits 80 columns, whatever the cards are called and do', () => {
    const kinds = fc.constantFrom(
      hot,
      idle,
      busy,
      { ...busy, throttleReasons: 0x4 },
      { ...busy, throttleReasons: 0x80 },
    );
    fc.assert(
      fc.property(fc.array(kinds, { minLength: 1, maxLength: 8 }), (cards) => {
        const view = createMonitorView();
        const tick = tickOf(...cards);
        view.take(tick);
        const gpus = tick.gpus.map((one) => ({
          ...one,
          gpu: { ...one.gpu, name: 'NVIDIA GeForce RTX 4090 Laptop GPU' },
        }));
        const lines = view.lines({ ...tick, gpus }, format, 80).map(textOf);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
        expect(lines[0]).toContain('Status');
      }),
    );
  });

  it.each([
    [-5, '░░░░░'],
    [0, '░░░░░'],
    [9.9, '░░░░░'],
    [10, '█░░░░'],
    [50, '███░░'],
    [89.9, '████░'],
    [90, '█████'],
    [250, '█████'],
  ])('shows %s percent as %s', (pct, cells) => expect(bar(pct)).toBe(cells));

  it('has a dash and no bar where the load is not reported', () => {
    const [, row] = createMonitorView().lines(tickOf({ ...busy, gpuUtilPct: undefined }), format, undefined);
    expect(textOf(row!)).not.toMatch(/[█░]/);
  });
});

describe('lowest and highest', () => {
  it('are beside the temperature and in the summary, and absent readings change neither', () => {
    const view = createMonitorView();
    for (const [tsMs, coreTempC] of [
      [0, 50],
      [60_000, 80],
      [120_000, undefined],
      [180_000, 60],
    ] as const)
      view.take({ ...tickOf({ ...busy, coreTempC }), tsMs });
    expect(textOf(view.lines(tickOf({ ...busy, coreTempC: 60 }), format, undefined)[1]!)).toContain('60 °C 50–80');
    const [title, card] = view.summary(format);
    expect(title).toContain('3 min');
    expect(card).toMatch(/core 50 °C – 80 °C, power 420(\.0)? W – 420(\.0)? W$/);
  });

  it('are not reported rather than 0 for a card that reports none', () => {
    const view = createMonitorView();
    view.take(tickOf({ coreTempC: undefined }));
    expect(view.summary(format)[1]).toMatch(/core not reported, power not reported$/);
  });

  it('have no summary if no tick came', () => expect(createMonitorView().summary(format)).toEqual([]));
});

describe('the keys of monitor', () => {
  it('end it, explain themselves, and do nothing else', () => {
    const view = createMonitorView();
    const lines = (): string => view.lines(tickOf(busy), format, 80).map(textOf).join('\n');
    expect([view.key('q'), view.key('x'), view.key('\u001b')]).toEqual(['quit', undefined, undefined]);
    expect(lines()).not.toContain('q ends');
    view.key('?');
    expect(lines()).toContain('q ends');
    expect(lines()).toContain('worst first');
    view.key('?');
    expect(lines()).not.toContain('q ends');
  });
});

describe('a terminal that is asked for keys', () => {
  it('sends each key, ends at Ctrl-C, and is restored', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => on });
    const modes: boolean[] = [];
    stream.setRawMode = (on) => (modes.push(on), on);
    const keys: string[] = [];
    const restore = listenForKeys(
      stream as never,
      (key) => keys.push(key),
      () => keys.push('interrupt'),
    );
    stream.emit('data', Buffer.from('s?'));
    stream.emit('data', Buffer.from('\u0003'));
    restore();
    stream.emit('data', Buffer.from('q'));
    expect([keys, modes]).toEqual([
      ['s', '?', 'interrupt'],
      [true, false],
    ]);
  });

  it('is left alone if it is none', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: false });
    listenForKeys(
      stream as never,
      () => undefined,
      () => undefined,
    )();
    expect(stream.listenerCount('data')).toBe(0);
  });
});

describe('a style', () => {
  const written = (isTTY: boolean, colour: boolean): string => {
    let all = '';
    const terminal = openTerminal({ write: (piece) => (all += String(piece)), isTTY, columns: 4 }, colour);
    terminal.redraw([{ text: 'red\u001b[0m', style: 'red' }]);
    return all;
  };
  it('is around the part of a line that fits, which steers nothing', () =>
    expect(written(true, true)).toBe('\u001b[31mred\uFFFD\u001b[0m\n'));
  it.each([
    [true, false],
    [false, true],
  ])('is not written: terminal %s, colour wanted %s', (isTTY, colour) =>
    expect(written(isTTY, colour)).toBe('red\uFFFD\n'),
  );
});
