/** A JSON value of unknown shape. The functions below return undefined where a path leads nowhere. */
export type Json = unknown;

export const at = (value: Json, ...path: readonly (string | number)[]): Json =>
  path.reduce<Json>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Readonly<Record<string | number, unknown>>)[key]
        : undefined,
    value,
  );
/** A finite number ≥ 0; undefined for anything else. */
export const numberAt = (value: Json, ...path: readonly (string | number)[]): number | undefined => {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : undefined;
};
/** A text of at most 300 characters without control characters, which could steer a terminal; undefined if it is empty. */
export const textAt = (value: Json, ...path: readonly (string | number)[]): string | undefined => {
  const found = at(value, ...path);

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
