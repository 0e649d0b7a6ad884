import type { MetricRow } from '../../metrics/metrics.ts';
import type { Absence } from '../../core/reading.ts';

export type Cell = { readonly value: number } | { readonly absent: Absence };

/**
 * What nvidia-smi prints instead of a number (drivers 352 and later). The first match applies. Any other text that is not
 * a number is `failed`: a word never becomes a number.
 */
const absences: readonly (readonly [RegExp, Absence])[] = [
  [/is lost|fallen off|reset required|requires reset/i, 'lost'],
  [/insufficient permission|no permission/i, 'denied'],
  [/^\[?n\/?a\]?$|not supported|deprecated|not available|not found/i, 'unsupported'],
];

const factors: Readonly<Record<MetricRow['unit'], Readonly<Record<string, number>>>> = {
  '°C': { C: 1 },
  K: { C: 1 },
  W: { W: 1, mW: 1e-3 },
  '%': { '%': 1 },
  B: { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, bytes: 1 },
  'B/s': { 'KB/s': 1e3, 'MB/s': 1e6 },
  MHz: { MHz: 1, GHz: 1000 },
  µs: { us: 1, ns: 1e-3, ms: 1e3 },
  mJ: { mJ: 1 },
  rpm: { rpm: 1, RPM: 1 },
  // "16x" lanes, "192 bank(s)"
  '': { '': 1, x: 1, 'bank(s)': 1 },
};

export function absenceOf(text: string): Absence {
  return absences.find(([pattern]) => pattern.test(text))?.[1] ?? 'failed';
}

/** "0x0000000000000004" → 4. All known bits are in the low word. */
function parseMask(text: string): Cell {
  return /^0x[0-9a-f]{1,16}$/i.test(text) ? { value: Number(BigInt(text) & 0xffffffffn) } : { absent: absenceOf(text) };
}

/** "P8" → 8. */
function parsePstate(text: string): Cell {
  const match = /^P(\d{1,2})$/.exec(text);
  return match ? { value: Number(match[1]) } : { absent: absenceOf(text) };
}

/**
 * Reads one cell for a metric: "67 C", "350.00 W", "20475 MiB", "Enabled", "P8", "N/A", "[Unknown Error]".
 * @param unit the unit if the cell itself has none, as in CSV, where the header has it. Without either, the cell is
 *   `failed`, unless the metric has no unit.
 */
export function parseCell(text: string | undefined, metric: MetricRow, unit?: string): Cell {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return { absent: 'unsupported' };
  if (metric.key === 'pstate') return parsePstate(trimmed);
  if (metric.key === 'throttleReasons') return parseMask(trimmed);
  if (metric.words) {
    const code = Object.hasOwn(metric.words, trimmed) ? metric.words[trimmed] : undefined;
    return code === undefined ? { absent: absenceOf(trimmed) } : { value: code };
  }
  const match = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z%µ/()]*)$/.exec(trimmed);
  if (!match) return { absent: absenceOf(trimmed) };
  if (metric.unit === '' && match[1]!.includes('.')) return { absent: 'failed' }; // a count has no decimals
  const known = factors[metric.unit];
  const given = match[2] || unit || '';
  return Object.hasOwn(known, given) ? { value: Number(match[1]) * known[given]! } : { absent: 'failed' };
}
