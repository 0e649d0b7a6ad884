import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { exportHistory } from '../../app/exchange/export.node.ts';
import { exportFormats, type ExportFormat } from '../../app/exchange/format.ts';
import { importExport } from '../../app/exchange/import.node.ts';
import { metricIndex, metrics } from '../../app/metrics/metrics.ts';
import { hasValue, type Frame } from '../../app/metrics/frame.ts';
import { defaultSettings, settingsSchema } from '../../app/settings/settings.ts';
import { openLog, readLog, surveyLog } from '../../app/telemetry/logs/file.node.ts';
import { createStamps } from '../../app/telemetry/logs/stamps.ts';
import { readRecording, recordingHeader, recordingLine } from '../../app/telemetry/replay/recording.ts';
import { sha256 } from '../../app/wear/ledger/ledger-store.node.ts';
import { ledgerText, readLedger, verifyLedger } from '../../app/wear/ledger/ledger-text.ts';
import { emptyLedger, withCell } from '../../app/wear/ledger/ledger.ts';
import { HOUR_MS } from '../../app/wear/meter.ts';
import { MODEL_VERSION } from '../../app/wear/model.ts';
import { emptyTally } from '../../app/wear/tally.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { damagedBytes, damagedText, fuzz } from '../support/fuzz.ts';
import { logFixture } from '../support/import.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9);
const control = { progress: () => undefined, cancelled: () => false };

/** No value is made of what is no number. */
function expectSound(tsMs: number, frame: Frame): void {
  expect(Number.isFinite(tsMs)).toBe(true);
  for (const { key } of metrics) {
    const i = metricIndex[key];
    if (hasValue(frame, i)) expect(Number.isFinite(frame.values[i]), key).toBe(true);
  }
}

/** Twelve samples of two cards. */
function exported(folder: string, format: ExportFormat): Buffer {
  const { store } = openStore();
  for (let i = 0; i < 12; i++) {
    const frames = [frameWith({ coreTempC: 50 + i, powerW: 100 }), frameWith({ fanPct: 30 })];
    store.append(tickWith(START + i * 1000, 1000, frames));
  }
  const target = path.join(folder, `whole.${format}`);
  const chosen = ['coreTempC', 'powerW', 'fanPct'] as const;
  exportHistory(store, { format, target, fromMs: 0, toMs: 8e15, metrics: chosen, gpuUuids: [] }, control);
  return fs.readFileSync(target);
}

describe('a damaged file', () => {
  for (const format of exportFormats)
    fuzz(`that was an export as ${format} is refused, and adds nothing`, () => {
      const folder = temporaryFolder();
      const whole = exported(folder, format);
      const { store } = openStore();
      const file = path.join(folder, `damaged.${format}`);
      return [
        damagedBytes(whole),
        async (bytes) => {
          if (bytes.equals(whole)) return;
          fs.writeFileSync(file, bytes);
          const result = await importExport(store, file, control);
          expect(result).toMatchObject({ ok: false, error: { message: expect.stringContaining(file) } });
          expect(store.gpus.list()).toEqual([]);
        },
      ];
    });

  fuzz('that was an export without checks is taken whole, or not at all', () => {
    const folder = temporaryFolder();
    const { store } = openStore();
    const file = path.join(folder, 'damaged');
    const whole = [
      exported(folder, 'csv')
        .toString()
        .replaceAll(/,(check|[0-9a-f]{8})(?=\r)/g, ''),
      exported(folder, 'jsonl')
        .toString()
        .replaceAll(/,"check":"[0-9a-f]{8}"/g, ''),
    ];
    let added = 0;
    return [
      fc.oneof(...whole.map(damagedText)),
      async (text) => {
        fs.writeFileSync(file, text);
        const result = await importExport(store, file, control, { unverified: true });
        const count = store.storage().gpus.reduce((sum, { samples }) => sum + samples, 0);
        expect(count - added).toBe(result.ok ? result.value.added : 0);
        added = count;
      },
    ];
  });

  fuzz('that was a recording is refused, or gives samples without a value that is none', () => {
    const gpu = testGpu();
    const moments = Array.from({ length: 6 }, (_, i) =>
      recordingLine({
        tsMs: START + i * 1000,
        gpus: [{ gpu, frame: frameWith({ coreTempC: 50 + i, memTempC: 'unsupported' }) }],
      }),
    );
    const documents = ['two-cards.xml', 'frozen-power.csv'].map((name) =>
      fs.readFileSync(path.resolve('test/fixtures/nvidia-smi', name), 'utf8'),
    );
    return [
      fc.oneof(...[[recordingHeader([gpu]), ...moments].join('\n'), ...documents].map(damagedText)),
      (text) => {
        const read = readRecording(text, 'damaged');
        if (read.ok)
          for (const { tsMs, gpus } of read.value.samples) gpus.forEach(({ frame }) => expectSound(tsMs, frame));
      },
    ];
  });

  fuzz('that was a log is refused, or gives samples without a value that is none', () => {
    const file = path.join(temporaryFolder(), 'damaged');
    const logs = ['hwinfo.csv', 'afterburner.hml', 'gpu-z.txt', 'query-gpu.csv', 'query.txt'];
    const { signal } = new AbortController();
    const done = () => undefined;
    return [
      fc.oneof(...logs.map((name) => damagedText(fs.readFileSync(logFixture(name), 'latin1').slice(0, 20_000)))),
      async (text) => {
        fs.writeFileSync(file, text, 'latin1');
        const log = await openLog(file);
        if (!log.ok) return;
        const survey = await surveyLog(log.value, START, done, signal);
        if (!survey.ok) return;
        const order = survey.value.dates.orders()[0] ?? 'ymd';
        const sink = {
          sample: (_line: number, _gpu: unknown, tsMs: number, frame: Frame) => expectSound(tsMs, frame),
          bad: (line: number) => expect(line).toBeGreaterThanOrEqual(0),
          notTaken: done,
          refuse: done,
        };
        await readLog(
          log.value,
          { sink, stamp: createStamps(0), order, lastLines: survey.value.lastLines },
          done,
          signal,
        );
      },
    ];
  });

  fuzz('that was a ledger is refused, does not hold, or holds what was sealed', () => {
    const ledger = emptyLedger('GPU-1', 'A card');
    for (let hour = 0; hour < 60; hour += 7) {
      const hourMs = START + hour * HOUR_MS;
      const tally = { ...emptyTally(), observedMs: 1000 + hour };
      ledger.hours.set(
        hourMs,
        withCell(undefined, { hourMs, firstMs: hourMs, modelVersion: MODEL_VERSION, seq: 0, tally }),
      );
    }
    const whole = ledgerText(ledger, sha256);
    return [
      damagedText(whole),
      (text) => {
        const read = readLedger(text, sha256);
        const verified = read.ok ? verifyLedger(read.value, sha256) : read;
        if (read.ok && read.value.complete && verified.ok) expect(ledgerText(verified.value, sha256)).toBe(whole);
      },
    ];
  });

  fuzz('that was settings is refused, or gives limits that are numbers', () => {
    const whole = JSON.stringify(
      { ...defaultSettings, tariff: [{ days: 'all', fromMin: 0, toMin: 60, pricePerKwh: 0.2 }] },
      null,
      2,
    );
    return [
      damagedText(whole),
      (text) => {
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {
          return; // no JSON: refused before the schema sees it
        }
        const parsed = settingsSchema.safeParse(json);
        if (!parsed.success) return;
        const { intervalMs, retentionDays, historyCapMb } = parsed.data;
        for (const limit of [intervalMs, retentionDays, historyCapMb ?? 1])
          expect(Number.isFinite(limit) && limit > 0).toBe(true);
      },
    ];
  });
});
