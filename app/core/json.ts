/** A JSON value of unknown form: every step into it may find nothing. */
export type Json = unknown;

export const at = (value: Json, ...path: readonly (string | number)[]): Json =>
  path.reduce<Json>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Readonly<Record<string | number, unknown>>)[key]
        : undefined,
    value,
  );
/** A count or share that can be true; anything else is none. */
export const numberAt = (value: Json, ...path: readonly (string | number)[]): number | undefined => {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : undefined;
};
export const textAt = (value: Json, ...path: readonly (string | number)[]): string | undefined => {
  const found = at(value, ...path);
  // told to people, in a terminal too: no codes that steer it
  const text = typeof found === 'string' ? found.slice(0, 300).replace(/\p{Cc}/gu, '') : '';
  return text === '' ? undefined : text;
};
export const listAt = (value: Json, ...path: readonly (string | number)[]): readonly Json[] | undefined => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : undefined;
};
export const entriesAt = (value: Json, ...path: readonly (string | number)[]): readonly (readonly [string, Json])[] => {
  const found = at(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.entries(found) : [];
};
