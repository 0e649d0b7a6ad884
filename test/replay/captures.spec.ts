import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import { csvDecoder } from '../../app/telemetry/logs/csv-row.ts';
import { decodeText } from '../../app/telemetry/smi/text.ts';
import { recordings } from '../support/shared.ts';

/** What does not change between two commands typed one after the other. */
const still: readonly MetricKey[] = [
  'powerLimitW',
  'powerRequestedLimitW',
  'powerDefaultLimitW',
  'powerMinLimitW',
  'powerMaxLimitW',
  'vramTotalBytes',
  'vramReservedBytes',
  'maxGraphicsClockMhz',
  'maxSmClockMhz',
  'maxMemClockMhz',
  'pcieMaxGen',
  'pcieMaxWidth',
  'eccMode',
  'eccCorrectedAggregate',
  'eccUncorrectedAggregate',
  'sramThresholdExceeded',
  'retiredPagesSbe',
  'retiredPagesDbe',
  'retiredPagesPending',
  'remappedRowsCorrectable',
  'remappedRowsUncorrectable',
  'remapPending',
  'remapFailure',
  'recoveryAction',
  'persistenceMode',
  'migMode',
];

const texts = recordings((name) => /query-q\.txt$/.test(name));
const csvs = recordings((name) => /query-gpu-csv.*\.txt$/.test(name));
const captures = texts.flatMap(({ name, file }) => {
  const moment = name.includes('idle') ? '-idle-' : '-load-';
  const folder = path.dirname(name);
  const csv = csvs.find((candidate) => path.dirname(candidate.name) === folder && candidate.name.includes(moment));
  return csv ? [{ name, text: file, csv: csv.file }] : [];
});

it('has both forms of a moment wherever the machine printed both', () => {
  expect(captures).toHaveLength(csvs.length);
});

describe.each(captures)('$name', ({ text, csv }) => {
  it('and the CSV of the same moment say the same of what stands still', () => {
    const decoded = decodeText(fs.readFileSync(text, 'utf8'));
    if (!decoded.ok) throw new Error(decoded.error.message);
    const [header = '', row = ''] = fs.readFileSync(csv, 'utf8').split(/\r?\n/);
    const decoder = csvDecoder(header);
    if (!decoder.ok) throw new Error(decoder.error.message);
    const [fromText, fromCsv] = [decoded.value.gpus[0]!.frame, decoder.value.row(row)!.frame];
    const told = (frame: typeof fromText) =>
      Object.fromEntries(
        still.map((key) => {
          const reading = readingOf(frame, key);
          // the text leaves out what the CSV says N/A to
          const none = reading.state === 'unreported' ? 'unsupported' : reading.state;
          return [key, reading.state === 'value' ? reading.value : none];
        }),
      );
    expect(told(fromText)).toEqual(told(fromCsv));
  });
});
