import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from '../../app/core/printable.ts';
import { openTerminal, type TextStream } from '../../app/core/terminal.ts';
import { describe as describeRun } from '../../cli/run-summary.ts';
import { monitorTable } from '../../cli/table.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { createI18n } from '../../app/core/i18n.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

// Names of cards, programs, sessions and files are chosen by others. They are shown, and they steer nothing.

/** C0, DEL, C1, separators, controls of direction and lone surrogates: by number, not by the pattern under test. */
function steers(code: number): boolean {
  const within = (low: number, high: number): boolean => code >= low && code <= high;
  return (
    within(0, 0x1f) || within(0x7f, 0x9f) || within(0x2028, 0x202e) || within(0x2066, 0x206f) ||
    within(0xd800, 0xdfff) || [0x061c, 0x200e, 0x200f].includes(code)
  );
} // prettier-ignore
const steering = (text: string): string[] => [...text].filter((char) => steers(char.codePointAt(0)!));

const nasty = fc.constantFrom('\u001b[2J', '\u009b31m', '\u202e', '\u2066', '\u200f', '\u061c', '\r', '\n', '\0', '\u007f', '\ud800', '\udc00', '\u2028', '\u0007'); // prettier-ignore
/** Any text, with what steers in between. */
const name = fc
  .array(fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), { maxLength: 8 })
  .map((parts) => parts.join(''));

function recorded(stream: Omit<TextStream, 'write'> = {}) {
  const written: string[] = [];
  const terminal = openTerminal({ ...stream, write: (text: string) => written.push(text) });
  return { terminal, written: () => written.join('') };
}

const { t } = createI18n('en');
const format = createFormatter('en', defaultSettings);

describe('a name from outside', () => {
  it('leaves no character that steers in a line, in lines or in JSON', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(steering(printable(text))).toEqual([]);
        expect(steering(printableLines(text)).filter((char) => char !== '\n' && char !== '\t')).toEqual([]);
        expect(steering(printableJson({ [text]: text }))).toEqual([]);
      }),
    );
  });

  it('reads back from JSON as it was', () => {
    fc.assert(fc.property(name, (text) => void expect(JSON.parse(printableJson({ text }, 2))).toEqual({ text })));
  });

  it('stays as it is where it steers nothing: letters of all languages, accents and emoji', () => {
    for (const text of ['NVIDIA GeForce RTX 4090', 'Grafikkarte für Ömer', 'كرت', '显卡', '👩‍🚀 e\u0301'])
      expect(printable(text)).toBe(text);
  });

  it('makes one line in the monitor and in the summary of a run, and moves no cursor', () => {
    fc.assert(
      fc.property(name, (text) => {
        const tick = tickWith(0, undefined, [frameWith({ coreTempC: 50 })]);
        const gpus = tick.gpus.map((one) => ({ ...one, gpu: { ...testGpu(), name: text } }));
        const table = monitorTable({ ...tick, gpus }, new Map(), t, format);
        const summary = describeRun(
          { gpuUuid: 'GPU-1', observedMs: 0 },
          text,
          { startedMs: 0, endedMs: 1000 },
          undefined,
          defaultSettings,
          t,
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
  it('draws over its own lines, and over no more than fit', () => {
    const { terminal, written } = recorded({ isTTY: true, columns: 5, rows: 3 });
    terminal.redraw(['one', 'two', 'three', 'four']);
    terminal.redraw(['\u001b[2Jx']);
    expect(written()).toBe('one\ntwo\n\u001b[2A\u001b[J\uFFFD[2Jx\n');
  });

  it('shows progress where a person may look, and nothing of it in a file', () => {
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

  it('passes lines of JSON on to the byte, and escapes them where a person looks', () => {
    const line = `${JSON.stringify({ name: '\u202egpu\u009b' })}\n`;
    const pipe = recorded();
    pipe.terminal.jsonLines(line);
    expect(pipe.written()).toBe(line);
    const live = recorded({ isTTY: true });
    live.terminal.jsonLines(line);
    expect(live.written()).toBe('{"name":"\\u202egpu\\u009b"}\n');
  });
});
