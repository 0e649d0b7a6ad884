import type { Reading } from '../../app/core/reading.ts';

/** How a cell is read: what follows the number, and what one of it is in the catalogue's unit. */
export type Kind = {
  readonly suffix: string;
  readonly times?: number;
  readonly words?: Readonly<Record<string, number>>;
};

export const degrees: Kind = { suffix: ' C' };
export const watts: Kind = { suffix: ' W' };
export const percent: Kind = { suffix: ' %' };
export const mebibytes: Kind = { suffix: ' MiB', times: 1048576 };
export const megahertz: Kind = { suffix: ' MHz' };
export const microseconds: Kind = { suffix: ' us' };
export const kilobytesPerS: Kind = { suffix: ' KB/s', times: 1000 };
export const count: Kind = { suffix: '' };
export const lanes: Kind = { suffix: 'x' };
export const banks: Kind = { suffix: ' bank(s)' };
export const yesNo: Kind = { suffix: '', words: { No: 0, Yes: 1 } };
export const onOff: Kind = { suffix: '', words: { Disabled: 0, Enabled: 1 } };
export const pstate: Kind = {
  suffix: '',
  words: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`P${i}`, i])),
};
export const recovery: Kind = {
  suffix: '',
  words: { None: 0, Reset: 1, Reboot: 2, 'Drain P2P': 3, 'Drain and Reset': 4, IMEX: 5 },
};

const decimal = (text: string): number | undefined =>
  text !== '' && [...text].every((letter) => '-.0123456789'.includes(letter)) ? Number(text) : undefined;

/** The number in a cell. @param bare whether it may stand without its unit, as in a column that names it */
export function numberIn(cell: string, { suffix, times = 1, words }: Kind, bare = false): number | undefined {
  if (words) return words[cell];
  const withUnit = cell.endsWith(suffix) ? decimal(cell.slice(0, cell.length - suffix.length).trimEnd()) : undefined;
  const number = withUnit ?? (bare ? decimal(cell) : undefined);
  return number === undefined ? undefined : number * times;
}

/** The words that recordings have in place of a number, and what they mean. */
const absences: Readonly<Record<string, Reading['state']>> = {
  '': 'unsupported',
  'N/A': 'unsupported',
  '[N/A]': 'unsupported',
  '[Not Supported]': 'unsupported',
  'Requested functionality has been deprecated': 'unsupported',
  '[Requested functionality has been deprecated]': 'unsupported',
  'Not available in WDDM driver model': 'unsupported',
  'GPU is lost': 'lost',
  '[GPU is lost]': 'lost',
  'Insufficient Permissions': 'denied',
  '[Insufficient Permissions]': 'denied',
  'ERR!': 'failed',
  '[Unknown Error]': 'failed',
};

/**
 * What the cells of one metric say, newest name first: the first number, or why there is none. Where none of the names is
 * printed, nothing is reported.
 */
export function readingIn(
  names: readonly string[],
  cellOf: (name: string) => string | undefined,
  kind: Kind,
  bare = false,
): number | Reading['state'] {
  let absent: Reading['state'] = 'unreported';
  for (const name of names) {
    const cells = name.split(' + ').map(cellOf);
    if (cells.some((cell) => cell === undefined)) continue;
    const numbers = (cells as string[]).map((cell) => numberIn(cell, kind, bare));
    if (numbers.every((number) => number !== undefined)) return numbers.reduce((sum, number) => sum + number, 0);
    const word = cells[numbers.indexOf(undefined)]!;
    const state = absences[word];
    if (state === undefined) throw new Error(`"${word}" at ${name} is neither a number nor a known word`);
    if (absent === 'unreported' || absent === 'unsupported') absent = state;
  }
  return absent;
}
