import { isOtherMaker, type LogGpu } from './log.ts';

/** What a column is about: a card, or other hardware of this name. */
type Owner =
  { readonly gpu: LogGpu; readonly sensor?: undefined } | { readonly gpu?: undefined; readonly sensor: string };

/**
 * Which sensor each column of a HWiNFO log is about, by the last line of the log. `none`: the log has no such line.
 * `unaligned`: names in it have commas that cannot be told from those between columns.
 */
export type Sensors =
  | { readonly kind: 'known' | 'none'; readonly of: (at: number) => Owner }
  | {
      readonly kind: 'unaligned';
      readonly found: number;
      readonly columns: number;
      readonly of: (at: number) => Owner;
    };

/** "GPU [#0]: NVIDIA GeForce RTX 4080: ASUS TUF" → its number and name. */
function cardOf(sensor: string): { readonly gpu: LogGpu; readonly isNvidia: boolean } | undefined {
  const match = /^[di]?GPU \[#(\d+)\]:\s*([^:]+)/i.exec(sensor);
  if (!match) return undefined;
  const name = match[2]!.trim();
  return { gpu: { key: match[1]!, index: Number(match[1]), name }, isNvidia: !isOtherMaker(name) };
}

/** Joins cells that a comma within brackets has split: "Drive: X (S1) [C:" and "D:]". */
function joinBracketed(cells: readonly string[]): string[] {
  const joined: string[] = [];
  let open = 0;
  for (const cell of cells) {
    if (open > 0) joined[joined.length - 1] += `, ${cell}`;
    else joined.push(cell);
    for (const char of cell) {
      if (char === '[' || char === '(') open++;
      else if ((char === ']' || char === ')') && open > 0) open--;
    }
  }
  return joined;
}

/**
 * @param footer the cells of the last line
 * @param count of the log's columns
 */
export function hwinfoSensors(footer: readonly string[] | undefined, count: number): Sensors {
  if (!footer) return { kind: 'none', of: () => ({ gpu: { key: '' } }) };
  const cells = footer.length === count ? footer : joinBracketed(footer);
  if (cells.length === count) {
    return {
      kind: 'known',
      of(at) {
        const card = cardOf(cells[at]!);
        return card?.isNvidia ? { gpu: card.gpu } : { sensor: cells[at]! };
      },
    };
  }
  // Names with bare commas. If the log has one GPU, its headings are certain all the same.
  const cards = new Map(footer.flatMap((cell) => cardOf(cell) ?? []).map((card) => [card.gpu.key, card]));
  const [only] = cards.values();
  return only?.isNvidia && cards.size === 1
    ? { kind: 'known', of: () => ({ gpu: only.gpu }) }
    : { kind: 'unaligned', found: footer.length, columns: count, of: () => ({ sensor: '' }) };
}
