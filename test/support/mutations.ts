import fc from 'fast-check';

/** What one change does to a text; numbers are shares of its length or of its cells, so that changes shrink well. */
export type Mutation = {
  readonly kind: (typeof kinds)[number];
  readonly at: number;
  readonly to: number;
  readonly length: number;
  readonly word: string;
};

const kinds = [
  'drop',
  'repeat',
  'cut off',
  'inject',
  'replace cell',
  'swap cells',
  'swap unit',
  'wrap cell',
  'split cell',
  'flatten section',
  'drop line',
  'repeat line',
  'swap lines',
] as const;

const words = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'undefined', 'null', 'true', '[object Object]'],
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '1e309 W',
    '9'.repeat(400),
    '-1',
    '0x10',
    '1_000',
    '1,5 W',
    '--5 C',
    '.5 W',
    '5. W',
  ],
  ...[
    '255 C',
    '4294967295',
    '18446744073709551615 MiB',
    '9223372036854775807',
    '1e3 MHz',
    '+67 C',
    '67 C 68 C',
    '67 °C',
  ],
  ...[
    '5 constructor',
    '5 __proto__',
    '5 toString',
    '5 %',
    '5 W',
    '5 MiB',
    '5 MHz',
    '5x',
    '5 bank(s)',
    '5 us',
    'P5',
    'P99',
  ],
  ...['٦٧ C', '６７ C', '67\u00a0C', '\u200b67 C', '\ufffd\ufffd', '67\ufffd C', '\0', '\ud800', '\u2028'],
  ...[
    '&lt;',
    '&amp;amp;',
    '&#54;7 C',
    '&#x36;7 C',
    '&x;',
    '&',
    '<!ENTITY x "67">',
    '<!DOCTYPE y [<!ENTITY x "67 C">]>',
  ],
  ...[
    '<![CDATA[67 C]]>',
    '6<![CDATA[7]]> C',
    '<!-- 67 C -->',
    '6<!-- -->7 C',
    '6<x/>7 C',
    '<x/>',
    '<!-- -->',
    '<?x 67 C?>',
    '<!--',
    ']]>',
  ],
  ...[
    '<gpu>',
    '</gpu>',
    '<gpu id="0">',
    '<__proto__>1</__proto__>',
    '<constructor>1</constructor>',
    '</nvidia_smi_log>',
  ],
  ...['N/A', '[N/A]', 'ERR!', '[Unknown Error]', 'GPU is lost', 'Insufficient Permissions', 'Active', 'Enabled', 'Yes'],
  ...[
    ' : ',
    ':',
    ',',
    '"',
    '\n',
    '\r\n',
    '\t',
    ' '.repeat(2000),
    '    ',
    '',
    '=',
    'GPU 00000000:99:00.0',
    'MIG Device',
  ],
  ...['Requested functionality has been deprecated', 'Reset', 'None', '[]', '[W]', '[MiB]', ' [constructor]'],
];

/** Markup that may stand in the middle of a number. */
const markup = [
  '<x/>',
  '<!-- -->',
  '<?x?>',
  '<![CDATA[]]>',
  '<![CDATA[7]]>',
  '&#48;',
  '&x;',
  '\ufffd',
  '\0',
  ' ',
  ',',
  ' : ',
];

// evenly spread: most other arbitraries prefer the ends, and would change the first bytes of a document alone
const share = fc.noBias(fc.nat(999_999)).map((millionths) => millionths / 1e6);

/** A few changes to a text, one after the other. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    at: share,
    to: share,
    length: fc.oneof({ weight: 3, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(4000) }),
    word: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...words) },
      { weight: 2, arbitrary: fc.constantFrom(...markup) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

type Span = { readonly start: number; readonly end: number };

/** Where values stand: between tags, after a colon, between commas. */
const cellsIn = (text: string, cell: RegExp): readonly Span[] =>
  [...text.matchAll(cell)].map((match) => ({ start: match.index, end: match.index + match[0].length }));

const sectionsIn = (text: string, section: RegExp): readonly Span[] =>
  [...text.matchAll(section)].map(({ index, groups }) => ({ start: index, end: index + groups!['all']!.length }));

const linesIn = (text: string): readonly Span[] => cellsIn(text, /[^\n]*\n/g);

const pick = <T>(items: readonly T[], at: number): T | undefined => items[Math.floor(at * items.length)];

const put = (text: string, { start, end }: Span, now: string): string => text.slice(0, start) + now + text.slice(end);

/** Exchanges two spans that do not overlap. */
function swap(text: string, a: Span | undefined, b: Span | undefined): string {
  if (!a || !b) return text;
  const [first, second] = a.start <= b.start ? [a, b] : [b, a];
  if (first.end > second.start) return text;
  const [one, two] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  return put(put(text, second, one), first, two);
}

/** What a form of nvidia-smi's output is made of. */
export type Shape = {
  /** matches values */
  readonly cell: RegExp;
  /** looks ahead at a section with all that belongs to it, as the group `all`: sections stand within one another */
  readonly section: RegExp;
  /** a section in which a word stands in place of its values, as "N/A" does in some */
  readonly flat: (section: string, word: string) => string;
};

/** A text after one change. */
export function mutate(text: string, { cell, section, flat }: Shape, { kind, at, to, length, word }: Mutation): string {
  const from = Math.floor(at * text.length);
  const span = { start: from, end: Math.min(text.length, from + length) };
  const value = () => pick(cellsIn(text, cell), at);
  const line = (where: number) => pick(linesIn(text), where);
  switch (kind) {
    case 'drop':
      return put(text, span, '');
    case 'repeat':
      return put(text, { start: span.end, end: span.end }, text.slice(span.start, span.end));
    case 'cut off':
      return text.slice(0, from);
    case 'inject':
      return put(text, { start: from, end: from }, word);
    case 'replace cell':
      return value() ? put(text, value()!, word) : text;
    case 'swap cells':
      return swap(text, value(), pick(cellsIn(text, cell), to));
    case 'swap unit':
      return value()
        ? put(text, value()!, text.slice(value()!.start, value()!.end).replace(/[A-Za-z%]+$/, word))
        : text;
    case 'wrap cell':
      return value() ? put(text, value()!, word + text.slice(value()!.start, value()!.end) + word) : text;
    case 'split cell': {
      const whole = value();
      if (!whole) return text;
      const inside = whole.start + Math.floor(to * (whole.end - whole.start));
      return put(text, { start: inside, end: inside }, word);
    }
    case 'flatten section': {
      const whole = pick(sectionsIn(text, section), at);
      const other = pick(cellsIn(text, cell), to);
      if (!whole) return text;
      const said = other && length % 2 === 0 ? text.slice(other.start, other.end) : word;
      return put(text, whole, flat(text.slice(whole.start, whole.end), said));
    }
    case 'drop line':
      return line(at) ? put(text, line(at)!, '') : text;
    case 'repeat line':
      return line(at)
        ? put(text, { start: line(at)!.end, end: line(at)!.end }, text.slice(line(at)!.start, line(at)!.end))
        : text;
    case 'swap lines':
      return swap(text, line(at), line(to));
  }
}
