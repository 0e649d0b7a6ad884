import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from '../../app/core/printable.ts';
import { printableLines as scriptPrintable } from '../../scripts/setup/printable.mjs';
import { openTerminal, type TextStream } from '../../app/core/terminal.ts';
import { describe as describeRun } from '../../cli/run-summary.ts';
import { createMonitorView } from '../../cli/monitor-view.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

// Names of cards, programs, sessions and files come from outside. They are shown and must not steer the terminal.

/** C0, DEL, C1, separators, direction controls and lone surrogates: by number, not with the pattern under test. */
function steers(code: number): boolean {
  const within = (low: number, high: number): boolean => code >= low && code <= high;
  const ranges = [
    [0, 0x1f],
    [0x7f, 0x9f],
    [0x2028, 0x202e],
    [0x2066, 0x206f],
    [0xd800, 0xdfff],
  ] as const;
  return ranges.some(([low, high]) => within(low, high)) || [0x061c, 0x200e, 0x200f].includes(code);
}
const steering = (text: string): string[] => [...text].filter((char) => steers(char.codePointAt(0)!));

const nasty = fc.constantFrom(
  ...['\u001b[2J', '\u009b31m', '\u202e', '\u2066', '\u200f', '\u061c', '\r', '\n', '\0'],
  ...['\u007f', '\ud800', '\udc00', '\u2028', '\u0007'],
);
/** Any text, mixed with characters that steer a terminal. */
const name = fc
  .array(fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), { maxLength: 8 })
  .map((parts) => parts.join(''));

function recorded(stream: Omit<TextStream, 'write'> = {}) {
  const written: string[] = [];
  const terminal = openTerminal({ ...stream, write: (text) => written.push(String(text)) });
  return { terminal, written: () => written.join('') };
}

const format = createFormatter('en', defaultSettings);

describe('a name from outside', () => {
  it('steers nothing in one line, in several lines or in JSON', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(steering(printable(text))).toEqual([]);
        expect(steering(printableLines(text)).filter((char) => char !== '\n' && char !== '\t')).toEqual([]);
        expect(steering(printableJson({ [text]: text }))).toEqual([]);
      }),
    );
  });

  it('is printed by the scripts as the product prints it', () => {
    const everything = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('a');
    expect(scriptPrintable(everything)).toBe(printableLines(everything));
    fc.assert(fc.property(name, (text) => void expect(scriptPrintable(text)).toBe(printableLines(text))));
  });

  it('is unchanged when its JSON is parsed', () => {
    fc.assert(fc.property(name, (text) => void expect(JSON.parse(printableJson({ text }, 2))).toEqual({ text })));
  });

  it('is unchanged if it steers nothing: letters of all languages, accents and emoji', () => {
    for (const text of ['NVIDIA GeForce RTX 4090', 'Grafikkarte für Ömer', 'كرت', '显卡', '👩‍🚀 e\u0301'])
      expect(printable(text)).toBe(text);
  });

  it('stays on one line in the monitor and in the summary of a run', () => {
    fc.assert(
      fc.property(name, (text) => {
        const tick = tickWith(0, undefined, [frameWith({ coreTempC: 50 })]);
        const gpus = tick.gpus.map((one) => ({ ...one, gpu: { ...testGpu(), name: text } }));
        const table = createMonitorView()
          .lines({ ...tick, gpus }, format, undefined)
          .map((line) => printable(typeof line === 'string' ? line : line.text));
        const session = { startedMs: 0, endedMs: 1000 };
        const summary = describeRun(
          [{ gpuUuid: 'GPU-1', observedMs: 0 }],
          () => text,
          session,
          { ...defaultSettings, market: undefined },
          format,
        );
        const { terminal, written } = recorded();
        terminal.say(...table, ...summary);
        expect(steering(written()).every((char) => char === '\n')).toBe(true);
        expect(written().split('\n')).toHaveLength(table.length + summary.length + 1);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a terminal', () => {
  it('redraws its own lines, and only as many as fit', () => {
    const { terminal, written } = recorded({ isTTY: true, columns: 5, rows: 3 });
    terminal.redraw(['one', 'two', 'three', 'four']);
    terminal.redraw(['\u001b[2Jx']);
    expect(written()).toBe('one\ntwo\n\u001b[2A\u001b[J\uFFFD[2Jx\n');
  });

  it('shows progress on a terminal and not in a file', () => {
    const live = recorded({ isTTY: true });
    live.terminal.status('a\u001bb');
    live.terminal.clearStatus();
    live.terminal.clearStatus();
    expect(live.written()).toBe('\r\u001b[Ka\uFFFDb\r\u001b[K');
    const file = recorded();
    file.terminal.status('50 %');
    file.terminal.clearStatus();
    expect(file.written()).toBe('');
  });

  it('writes JSON lines unchanged to a pipe and escapes them on a terminal', () => {
    const line = `${JSON.stringify({ name: '\u202egpu\u009b' })}\n`;
    const pipe = recorded();
    pipe.terminal.jsonLines(line);
    expect(pipe.written()).toBe(line);
    const live = recorded({ isTTY: true });
    live.terminal.jsonLines(line);
    expect(live.written()).toBe('{"name":"\\u202egpu\\u009b"}\n');
  });
});
