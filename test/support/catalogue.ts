import { languages } from '../../app/core/i18n.ts';
import { metrics } from '../../app/metrics/metrics.ts';

type Row = { readonly key: string } & Partial<Record<'nvml' | 'xml' | 'csv', readonly string[]>> &
  Partial<Record<'doc', string>>;

const parts = {
  nvml: ['NVML call', 'add one or write `nvml: []`'],
  xml: ['XML path', 'add one or write `xml: []`'],
  csv: ['CSV field', 'add one or write `csv: []`'],
  doc: ['documentation', 'write where its meaning is documented into `doc`'],
} as const;

/** What the rows of the metric catalogue lack, one sentence each. */
export const incompleteMetrics = (rows: readonly Row[]): string[] =>
  rows.flatMap((row) =>
    (Object.keys(parts) as (keyof typeof parts)[])
      .filter((part) => row[part] === undefined)
      .map((part) => `metric \`${row.key}\` has no ${parts[part][0]}: ${parts[part][1]}`),
  );

/** Metrics that a language has no name for, one sentence each. */
export const unnamedMetrics = (
  rows: readonly { readonly key: string }[],
  language: string,
  names: Readonly<Record<string, string>>,
): string[] =>
  rows
    .filter(({ key }) => !names[key])
    .map(({ key }) => `metric \`${key}\` has no name: add \`metric.${key}\` to app/core/locales/${language}.ts`);

/** What the catalogue and the language files lack. */
export const catalogueFaults = (): string[] => [
  ...incompleteMetrics(metrics),
  ...Object.entries(languages).flatMap(([code, { words }]) => unnamedMetrics(metrics, code, words.metric)),
];

/** Runs before all tests: one sentence here instead of a TypeError in every test that reads the catalogue. */
export default function setup(): void {
  const faults = catalogueFaults();
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
