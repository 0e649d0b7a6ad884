import { isMetricKey, metrics } from '../metrics.ts';
import { err, ok, type Result } from '../result.ts';
import { readRecording } from '../telemetry/replay/recording.ts';
import { createColumns, wearReadings, type WearColumns, type WearReading } from './columns.ts';
import { putFrame } from './replay.ts';

/** A trace of one card, ready to be metered. */
export type Trace = { readonly name: string; readonly columns: WearColumns; readonly unreadable: number };

/** Names under which other programs write what the model reads, beside our own keys. Lower case, units taken off. */
const ALIASES: Readonly<Record<string, WearReading | 'time'>> = {
  time: 'time',
  timestamp: 'time',
  ts_ms: 'time',
  tsms: 'time',
  t: 'time',
  t_s: 'time',
  time_s: 'time',
  seconds: 'time',
  temp: 'coreTempC',
  temp_c: 'coreTempC',
  temperature: 'coreTempC',
  temperature_c: 'coreTempC',
  t_core: 'coreTempC',
  t_gpu: 'coreTempC',
  core_temp_c: 'coreTempC',
  mem_temp_c: 'memTempC',
  t_mem: 'memTempC',
  power: 'powerW',
  power_w: 'powerW',
  p: 'powerW',
  p_w: 'powerW',
  fan: 'fanPct',
  fan_pct: 'fanPct',
  energy_mj: 'energyMj',
  power_default_limit_w: 'powerDefaultLimitW',
};

type Column = { readonly reading: WearReading | 'time'; readonly scale: number };

/** What a header names: our own keys ("coreTempC [°C]"), or one of the other names. */
function columnOf(header: string): Column | undefined {
  const match = /^"?([^[(]*?)\s*(?:[[(]([^\])]*)[\])])?"?$/.exec(header.trim());
  const name = match?.[1] ?? '';
  const known = isMetricKey(name) && (wearReadings as readonly string[]).includes(name);
  const reading = known ? (name as WearReading) : ALIASES[name.toLowerCase()];
  if (reading === undefined) return undefined;
  // a time without a unit is told from its size, see stampOf
  const unit = match?.[2] ?? (/(^|_)(t_s|time_s|seconds)$/.test(name.toLowerCase()) ? 's' : '');
  return { reading, scale: reading === 'time' && unit === 's' ? 1000 : 1 };
}

/** ms: a date, or a number in ms; numbers below 1e11 that name no unit are seconds. */
function stampOf(cell: string, scale: number): number {
  const value = Number(cell);
  if (cell.trim() === '' || Number.isNaN(value)) return Date.parse(cell.trim());
  return scale !== 1 ? value * scale : Math.abs(value) < 1e11 ? value * 1000 : value;
}

const range = new Map(metrics.map(({ key, range: limits }) => [key as string, limits]));

function readPlain(text: string, name: string, gapMs: number): Result<Trace[]> {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const separator = header.includes(';') ? ';' : header.includes('\t') ? '\t' : ',';
  const headers = header.split(separator).map(columnOf);
  const timeAt = headers.findIndex((column) => column?.reading === 'time');
  if (timeAt < 0 || !headers.some((column) => column?.reading === 'coreTempC')) {
    return err(
      'recording-unreadable',
      `The first line of ${name} names no time or no core temperature.`,
      'Give a CSV of nvidia-smi, a CSV saved by Slowburn, or one with the columns tsMs,coreTempC,powerW.',
    );
  }
  const rows = lines.filter((line) => line.trim() !== '');
  const columns = createColumns(rows.length);
  let length = 0;
  let unreadable = 0;
  for (const row of rows) {
    const cells = row.split(separator);
    const tsMs = stampOf(cells[timeAt]?.replaceAll('"', '') ?? '', headers[timeAt]!.scale);
    if (cells.length !== headers.length || !Number.isFinite(tsMs)) {
      unreadable++;
      continue;
    }
    columns.tsMs[length] = tsMs;
    headers.forEach((column, i) => {
      if (!column || column.reading === 'time') return;
      const cell = cells[i]!.replaceAll('"', '').trim();
      const value = cell === '' ? Number.NaN : Number(cell);
      const [low, high] = range.get(column.reading)!;
      columns[column.reading][length] = value >= low && value <= high ? value : Number.NaN;
    });
    length++;
  }
  return ok([{ name, columns: stepped(cut(columns, length), gapMs), unreadable }]);
}

const cut = (columns: WearColumns, length: number): WearColumns =>
  Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column.slice(0, length)])) as WearColumns;

/** Fills the time between samples from their stamps: longer than a gap, or backwards, is unobserved. */
function stepped(columns: WearColumns, gapMs: number): WearColumns {
  for (let i = 1; i < columns.tsMs.length; i++) {
    const step = columns.tsMs[i]! - columns.tsMs[i - 1]!;
    columns.dtMs[i] = step >= 0 && step <= gapMs ? step : Number.NaN;
  }
  return columns;
}

/**
 * Reads a trace from the text of a file: nvidia-smi's CSV or XML, a recording or a CSV of Slowburn, or a plain CSV with
 * columns for the time and the core temperature. One trace for each card in it.
 * @param gapMs longer than this between two samples is unobserved
 */
export function readTrace(text: string, name: string, gapMs: number): Result<Trace[]> {
  const first = text.slice(0, text.indexOf('\n') >>> 0);
  if (/^[{<]/.test(text.trimStart()) || /temperature\.gpu|gpu_temp/.test(first)) {
    const recording = readRecording(text, name);
    if (!recording.ok) return recording;
    const { samples, unreadable } = recording.value;
    const cards = new Map<string, { readonly name: string; readonly at: number[] }>();
    samples.forEach(({ gpus }, i) => {
      for (const { gpu } of gpus) {
        const card = cards.get(gpu.uuid) ?? { name: gpu.name, at: [] };
        card.at.push(i);
        cards.set(gpu.uuid, card);
      }
    });
    return ok(
      [...cards].map(([uuid, { name: cardName, at }]) => {
        const columns = createColumns(at.length);
        at.forEach((sample, i) => {
          const { tsMs, gpus } = samples[sample]!;
          putFrame(columns, i, tsMs, undefined, gpus.find(({ gpu }) => gpu.uuid === uuid)!.frame);
        });
        return { name: cardName, columns: stepped(columns, gapMs), unreadable };
      }),
    );
  }
  return readPlain(text, name, gapMs);
}
