/**
 * Values as JSON that arrive as they were sent. JSON knows neither typed arrays nor undefined, NaN, infinities and -0, so
 * each is an object with the single key `$`: `{"$":["f64","…base64…"]}`, `{"$":["is","NaN"]}`. A plain object that happens
 * to have that single key is wrapped the same way.
 */
type Tagged = { readonly $: readonly [string, unknown] };

const ARRAYS = { f64: Float64Array, u16: Uint16Array, u8: Uint8Array } as const;
type ArrayTag = keyof typeof ARRAYS;

const SPECIAL = { undefined: undefined, NaN: Number.NaN, Infinity, '-Infinity': -Infinity, '-0': -0 } as const;

const tagOf = (value: object): ArrayTag | undefined =>
  (Object.keys(ARRAYS) as ArrayTag[]).find((tag) => value instanceof ARRAYS[tag]);

const hasOnlyTag = (value: object): value is { readonly $: unknown } => {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === '$';
};

/** Each character is one byte: `btoa` takes it. In pieces, because a call has a limited number of arguments. */
function toBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  for (let from = 0; from < bytes.length; from += 8192)
    text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return btoa(text);
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

function tagged(this: unknown, _key: string, value: unknown): unknown {
  const is = (special: keyof typeof SPECIAL): Tagged => ({ $: ['is', special] });
  if (value === undefined) return is('undefined');
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return Object.is(value, -0) ? is('-0') : value;
    return is(String(value) as 'NaN');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const array = tagOf(value);
  if (array) return { $: [array, toBase64(value as ArrayBufferView)] };
  return hasOnlyTag(value) ? { $: ['object', value.$] } : value;
}

/** A value as one line of JSON without its end. Plain objects, arrays, typed arrays of frames, and everything JSON has. */
export const toLine = (value: unknown): string => JSON.stringify(value, tagged);

function untag([tag, of]: readonly unknown[]): unknown {
  if (tag === 'object') return { $: untagged(of) };
  if (tag === 'is' && typeof of === 'string' && Object.hasOwn(SPECIAL, of)) return SPECIAL[of as keyof typeof SPECIAL];
  if (typeof tag !== 'string' || !Object.hasOwn(ARRAYS, tag) || typeof of !== 'string') throw new SyntaxError('tag');
  const bytes = fromBase64(of);
  const Kind = ARRAYS[tag as ArrayTag];
  if (bytes.length % Kind.BYTES_PER_ELEMENT !== 0) throw new SyntaxError('length');
  return new Kind(bytes.buffer as ArrayBuffer);
}

/** In place: what JSON.parse made belongs to this call alone. */
function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, '__proto__')) throw new SyntaxError('__proto__');
  if (!Array.isArray(value) && hasOnlyTag(value)) {
    if (!Array.isArray(value.$) || value.$.length !== 2) throw new SyntaxError('tag');
    return untag(value.$);
  }
  const parts = value as Record<string, unknown>;
  for (const key of Object.keys(parts)) parts[key] = untagged(parts[key]);
  return value;
}

/** The value of a line. Throws where the line is not one that `toLine` makes. */
export const fromLine = (line: string): unknown => untagged(JSON.parse(line));
