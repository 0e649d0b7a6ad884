import { describe, expect, it } from 'vitest';
import type { Recorder } from '../../app/core/recorder-note.node.ts';
import { err, ok } from '../../app/core/result.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { stateOf, type RecorderStatus } from '../../app/recorder/recorder-status.node.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { statusLines } from '../../cli/status-lines.ts';

const NOTED = Date.UTC(2026, 2, 1, 12);
const note: Recorder = {
  pid: 4242,
  databaseFile: '/data/history.db',
  source: 'NVML, driver 570',
  startedBy: 'service',
  sinceMs: NOTED - 3_600_000,
  notedMs: NOTED,
  intervalMs: 500,
  cards: ['RTX 4090', 'RTX 3090', 'RTX 4090'],
  cost: { cpuPct: 0.123, rssBytes: 64 * 2 ** 20, readMs: 1, cpuMsATick: 1, kept: 9, lost: 0, intervalMs: 500 },
};
const format = createFormatter('en', defaultSettings);
const lines = (change: Partial<RecorderStatus> = {}): string[] =>
  statusLines(
    { folder: '/data', state: 'recording', recorder: note, firing: ok([]), historyBytes: 5 * 2 ** 20, ...change },
    format,
  );

describe('the state of a recorder', () => {
  const fault = { message: 'The disk is full.', next: 'Free some space.' };
  it.each([
    ['stopped without a note', undefined, NOTED, 'stopped'],
    ['recording with a fresh note', note, NOTED, 'recording'],
    ['recording just before three minutes', note, NOTED + 179_999, 'recording'],
    ['silent at three minutes', note, NOTED + 180_000, 'silent'],
    ['faulty with a fault', { ...note, fault }, NOTED, 'faulty'],
    ['silent though it had a fault', { ...note, fault }, NOTED + 180_000, 'silent'],
    ['recording with the note of a version without times', { pid: 1, databaseFile: 'x' }, NOTED, 'recording'],
  ] as const)('is %s', (_, recorder, nowMs, state) => expect(stateOf(recorder, nowMs)).toBe(state));
});

describe('the status', () => {
  it('has five lines: what is recorded, what fires, what it costs, where data is, what to do', () => {
    expect(lines()).toEqual([
      expect.stringMatching(
        /^Recording {2}NVML, driver 570 · 2 × RTX 4090, RTX 3090 · every 0\.5 s · since .* · service, process 4242$/,
      ),
      'Alerts     none firing',
      'Cost       0.12 % of one CPU core · 64 MiB memory · history 5 MiB',
      'Data       /data',
      'Next       nothing to do',
    ]);
  });

  it('names each alert with its card', () => {
    const alert = {
      gpuUuid: 'GPU-1',
      gpuIndex: 2,
      gpuName: 'RTX 3090',
      value: 93,
      rule: 'core-at-slowdown',
      threshold: 93,
    };
    expect(lines({ firing: ok([alert, alert] as never) })[1]).toMatch(/RTX 3090.*: .*93 °C.*; RTX 3090.*: /);
  });

  it('says why alerts are not known, never that there are none', () => {
    expect(lines({ firing: err('database-newer', 'The history is newer.') })[1]).toBe(
      'Alerts     The history is newer.',
    );
  });

  it('says how to start where nothing records, and claims no cost and no watch', () => {
    const stopped = lines({ state: 'stopped', recorder: undefined, historyBytes: undefined });
    expect(stopped).toHaveLength(5);
    expect(stopped[0]).toContain('nothing records');
    expect(stopped[1]).not.toContain('none firing');
    expect(stopped[4]).toContain('slowburn service install');
  });

  it('says cause and next step of a fault', () => {
    const recorder = { ...note, fault: { message: 'The disk is full.', next: 'Free some space.' } };
    expect(lines({ state: 'faulty', recorder })[4]).toBe('Next       The disk is full. Free some space.');
  });

  it('does not claim a cost that was not measured yet', () => {
    expect(lines({ recorder: { ...note, cost: undefined } })[2]).toBe(
      'Cost       CPU and memory are known after one minute · history 5 MiB',
    );
  });
});
