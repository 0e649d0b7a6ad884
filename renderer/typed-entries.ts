/** The keys of a table that has no others than its type names. */
export const keysOf = <K extends string>(table: Readonly<Partial<Record<K, unknown>>>): K[] =>
  Object.keys(table) as K[];

/** Keys and values of such a table; keys without a value are left out. */
export const entriesOf = <K extends string, V>(table: Readonly<Partial<Record<K, V>>>): [K, V][] =>
  keysOf(table).flatMap((key): [K, V][] => {
    const value = table[key];
    return value === undefined ? [] : [[key, value]];
  });
