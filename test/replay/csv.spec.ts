import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import { csvDecoder, type CsvRow } from '../../app/telemetry/logs/csv-row.ts';
import { parseSmiTimestamp } from '../../app/telemetry/logs/stamps.ts';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { recordings } from '../support/shared.ts';
import { banks, degrees, lanes, readingIn } from './cells.ts';
import { printed } from './printed.ts';

const files = recordings((name) =>
  /\.csv$|query-gpu-csv.*\.txt$|gpu_exporter\/query\.txt$|output_ubuntu.*\.txt$/.test(name),
);

/** Header and rows; one recording is a transcript in which they stand below the command. */
function tableIn(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const start = lines.findIndex((line) => /^(timestamp|uuid|name), /.test(line));
  const end = lines.findIndex((line, i) => i > start && line === '');
  return lines.slice(start, end < 0 ? undefined : end);
}

/** The cells of a row by the name of their column, and which columns name a unit. */
function golden(header: string, row: string): Record<string, number | string> {
  const columns = header.split(',').map((field) => field.trim().split(' ['));
  const cells = row.split(',').map((cell) => cell.trim());
  const cellOf = (name: string): string | undefined => {
    const at = columns.findIndex(([column]) => column === name);
    return at < 0 ? undefined : cells[at];
  };
  return Object.fromEntries(
    metrics.map(({ key }) => {
      if (key === 'throttleReasons') {
        const mask = cellOf('clocks_event_reasons.active') ?? cellOf('clocks_throttle_reasons.active');
        if (mask === undefined) return [key, 'unreported'];
        return [key, mask.startsWith('0x') ? Number.parseInt(mask.slice(2), 16) : 'unsupported'];
      }
      const { kind, csv = [] } = printed[key];
      const isWithoutEcc = cellOf('ecc.mode.current') === '[N/A]' && csv.some((name) => cellOf(name) !== undefined);
      if (key === 'sramThresholdExceeded' && isWithoutEcc) return [key, 'unsupported'];
      // these have no unit in this form; all others say it in the header or beside the number
      const unitless = [degrees, lanes, banks].includes(kind);
      const units = csv.map((name) => columns.find(([column]) => column === name)?.[1]).filter((unit) => unit);
      for (const unit of units) expect(unit, key).toBe(`${kind.suffix.trim()}]`);
      return [key, readingIn(csv, cellOf, kind, unitless || units.length > 0)];
    }),
  );
}

const readings = ({ frame }: CsvRow) =>
  Object.fromEntries(
    metrics.map(({ key }) => {
      const reading = readingOf(frame, key);
      return [key, reading.state === 'value' ? reading.value : reading.state];
    }),
  );

const decoderOf = (header: string) => {
  const decoder = csvDecoder(header);
  if (!decoder.ok) throw new Error(decoder.error.message);
  return decoder.value;
};

describe.each(files)('$name', ({ file }) => {
  const [header = '', ...rows] = tableIn(fs.readFileSync(file, 'utf8'));

  it('is decoded as a second path reads it: each number, and each reason for none', () => {
    const decoder = decoderOf(header);
    expect(rows.length).toBeGreaterThan(0);
    let last = '';
    for (const row of rows) {
      const [, ...told] = row.split(',');
      // a trace repeats itself for thousands of lines: each different one once
      if (told.length > 2 && told.join() === last) continue;
      last = told.join();
      const decoded = decoder.row(row);
      if (!decoded) throw new Error(`no row: ${row}`);
      expect(readings(decoded)).toEqual(golden(header, row));
      const uuid = /GPU-[0-9a-f-]{36}/.exec(row)?.[0];
      expect(decoded.uuid).toBe(uuid);
    }
  });

  it('is played without losing a line', () => {
    const recording = readRecording([header, ...rows].join('\n'), 'x');
    if (!recording.ok) throw new Error(recording.error.message);
    const { samples, unreadable } = recording.value;
    expect(unreadable).toBe(0);
    const at = header.split(', ').indexOf('timestamp');
    // a moment has each card once, within half a second
    const moments: { readonly ms: number; readonly cards: Set<string | undefined> }[] = [];
    for (const row of rows) {
      const last = moments.at(-1);
      const ms = at < 0 ? (last?.ms ?? 0) : parseSmiTimestamp(row.split(', ')[at])!;
      const card = /GPU-[0-9a-f-]{36}/.exec(row)?.[0];
      if (last && ms - last.ms <= 500 && !last.cards.has(card)) last.cards.add(card);
      else moments.push({ ms: last ? Math.max(at < 0 ? ms + 1000 : ms, last.ms + 1) : ms, cards: new Set([card]) });
    }
    expect(samples.map(({ tsMs, gpus }) => [tsMs, gpus.length])).toEqual(
      moments.map(({ ms, cards }) => [ms, cards.size]),
    );
  });
});

/** What another program published for the same capture: name → value in SI units. */
function published(file: string): ReadonlyMap<string, number> {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  return new Map(
    lines.flatMap((line): [string, number][] => {
      const match = /^nvidia_smi_(\w+)\{[^}]*\} (\S+)$/.exec(line);
      return match ? [[match[1]!, Number(match[2])]] : [];
    }),
  );
}

const toSi: Partial<Record<(typeof metrics)[number]['unit'], readonly [string, number]>> = {
  W: ['_watts', 1],
  '%': ['_ratio', 1e-2],
  MHz: ['_clock_hz', 1e6],
  B: ['_bytes', 1],
  µs: ['_seconds', 1e-6],
};

const others = recordings((name) => name.endsWith('.metrics'));

describe.each(others)('$name', ({ name }) => {
  const [, capture, moment] = /([^/]+)__(idle|load)\.metrics$/.exec(name)!;
  const csv = files.find(
    ({ name: candidate }) => candidate.includes(`/${capture}/`) && candidate.includes(`-${moment}-`),
  );

  it('has the same values as another program published for this capture', () => {
    const [header = '', row = ''] = tableIn(fs.readFileSync(csv!.file, 'utf8'));
    const ours = readings(decoderOf(header).row(row)!);
    const theirs = published(others.find((other) => other.name === name)!.file);
    let compared = 0;
    for (const { key, unit, csv: names } of metrics as readonly {
      key: MetricKey;
      unit: string;
      csv: readonly string[];
    }[]) {
      const [suffix, factor] = toSi[unit as keyof typeof toSi] ?? ['', 1];
      const value = ours[key]!;
      const column = names.find((candidate) => header.includes(`${candidate} [`) || header.includes(`${candidate},`));
      const si = theirs.get((column ?? '').replaceAll('.', '_') + suffix);
      if (column === undefined || typeof value !== 'number' || si === undefined) continue;
      expect(Math.abs(value * factor - si), `${key} ${value} ${si}`).toBeLessThanOrEqual(1e-9 * Math.abs(si) + 1e-12);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(30);
  });
});
