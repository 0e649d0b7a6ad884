import type { MetricRow } from '../../metrics.ts';
import type { Absence } from '../../reading.ts';

export type Cell = { readonly value: number } | { readonly absent: Absence };

/**
 * What nvidia-smi prints where a number should be, in any driver from 352 on. The first match wins; text that is
 * neither a number nor listed here is `failed`: a word is never turned into a number.
 */
const words: readonly (readonly [RegExp, Absence])[] = [
  [/is lost|fallen off|reset required|requires reset/i, 'lost'],
  [/insufficient permission|no permission/i, 'denied'],
  [/^\[?n\/?a\]?$|not supported|deprecated|not available|not found/i, 'unsupported'],
];

const factors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '°C': { C: 1 },
  K: { C: 1 },
  W: { W: 1, mW: 1e-3 },
  '%': { '%': 1 },
  B: { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, bytes: 1 },
  MHz: { MHz: 1, GHz: 1000 },
  µs: { us: 1, ns: 1e-3, ms: 1e3 },
  mJ: { mJ: 1 },
};

export function absenceOf(text: string): Absence {
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? 'failed';
}

/**
 * Reads one cell for a metric: "67 C", "350.00 W", "20475 MiB", "N/A", "[Unknown Error]".
 * @param unit the unit when the cell itself has none (CSV headers carry it); without both the cell is `failed`,
 *   unless the metric has no unit.
 */
export function parseCell(text: string | undefined, metric: MetricRow, unit?: string): Cell {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return { absent: 'unsupported' };
  const match = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z%µ/]*)$/.exec(trimmed);
  if (!match) return { absent: absenceOf(trimmed) };
  const number = Number(match[1]);
  const printed = match[2] || unit || '';
  if (metric.unit === '') return printed === '' ? { value: number } : { absent: 'failed' };
  const factor = factors[metric.unit]?.[printed];
  return factor === undefined ? { absent: 'failed' } : { value: number * factor };
}

/** "P8" → 8. */
export function parsePstate(text: string | undefined): Cell {
  const trimmed = text?.trim() ?? '';
  const match = /^P(\d{1,2})$/.exec(trimmed);
  if (match) return { value: Number(match[1]) };
  return { absent: trimmed === '' ? 'unsupported' : absenceOf(trimmed) };
}
