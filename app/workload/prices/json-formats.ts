import { getNodeValue, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { z } from '../../core/zod.ts';
import type { Row, Table, Unit } from './formats.ts';

/** Answers of Nord Pool's data portal (`/api/DayAheadPrices`): one day, the price of each area per MWh, times in UTC. */
const nordPool = z.object({
  currency: z.string().regex(/^[A-Z]{3}$/),
  multiAreaEntries: z.array(
    z.object({
      deliveryStart: z.string(),
      deliveryEnd: z.string(),
      entryPerArea: z.record(z.string(), z.number().nullable()),
    }),
  ),
});

/** Answers of aWATTar's interface (`/v1/marketdata`), of Germany and Austria: times in ms since 1970. */
const awattar = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      start_timestamp: z.int().min(0).max(8.64e15),
      end_timestamp: z.int().min(0).max(8.64e15),
      marketprice: z.number(),
      unit: z.string().regex(/^eur\/mwh$/i),
    }),
  ),
});

const perMwh = (currency: string): Unit => ({ currency, perKwh: 1 / 1000 });
/** as a file of text would have it: never with an exponent */
const priceText = (price: number | null): string => (price === null ? '' : price.toFixed(6));
const stampOf = (ms: number): string => new Date(ms).toISOString();

type Found = Pick<Table, 'format' | 'unit'> & {
  /** the list that holds the prices, and the rows of each of its entries */
  readonly list: string;
  readonly rows: readonly (readonly Row[])[];
};

function recognise(value: unknown): Found | undefined {
  const ofNordPool = nordPool.safeParse(value);
  if (ofNordPool.success) {
    const { currency, multiAreaEntries } = ofNordPool.data;
    const rows = multiAreaEntries.map(({ deliveryStart: from, deliveryEnd: to, entryPerArea }) =>
      Object.entries(entryPerArea).map(([series, price]): Row => ({ from, to, price: priceText(price), series })),
    );
    return { format: 'nord-pool', unit: perMwh(currency), list: 'multiAreaEntries', rows };
  }
  const ofAwattar = awattar.safeParse(value);
  if (!ofAwattar.success) return undefined;
  const rows = ofAwattar.data.data.map(({ start_timestamp: from, end_timestamp: to, marketprice }): Row[] => [
    { from: stampOf(from), to: stampOf(to), price: priceText(marketprice), series: 'marketprice' },
  ]);
  return { format: 'awattar', unit: perMwh('EUR'), list: 'data', rows };
}

/** The line of each entry of a list in a document, counted from 1. */
function linesOf(content: string, root: Node, list: string): readonly number[] {
  const property = root.children?.find(({ children }) => children?.[0]?.value === list);
  let [line, at] = [1, 0];
  return (property?.children?.[1]?.children ?? []).map(({ offset }) => {
    for (; at < offset; at++) if (content[at] === '\n') line++;
    return line;
  });
}

/** undefined: it is no JSON, or nested too deeply */
function treeOf(content: string): Node | undefined {
  const errors: ParseError[] = [];
  try {
    const root = parseTree(content, errors);
    return errors.length === 0 ? root : undefined;
  } catch {
    return undefined;
  }
}

/** The prices of a document in JSON; undefined: it is none, or of an unknown form. */
export function tableOfJson(content: string): Table | undefined {
  const root = treeOf(content);
  const found = root && recognise(getNodeValue(root));
  if (!found) return undefined;
  const numbers = linesOf(content, root, found.list);
  const lines = found.rows.flatMap((rows, i) => rows.map((row) => ({ ...row, number: numbers[i]! })));
  return { format: found.format, zone: undefined, unit: found.unit, lines };
}
