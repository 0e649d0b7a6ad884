/**
 * The next value, in which every part that equals the one before is that one. What did not change keeps its identity, so
 * React does nothing for it. For what crosses processes: plain objects, arrays, typed arrays and primitives.
 */
export function keepEqual<T>(before: unknown, next: T): T {
  if (Object.is(before, next)) return next;
  if (typeof before !== 'object' || typeof next !== 'object' || before === null || next === null) return next;
  if (Object.getPrototypeOf(before) !== Object.getPrototypeOf(next)) return next;
  if (ArrayBuffer.isView(next))
    return isSameArray(before as Numbers, next as unknown as Numbers) ? (before as T) : next;
  const known = before as Record<string, unknown>;
  const parts = Object.entries(next as Record<string, unknown>).map(
    ([key, part]) => [key, keepEqual(known[key], part)] as const,
  );
  const isSame =
    parts.length === Object.keys(known).length &&
    parts.every(([key, part]) => Object.hasOwn(known, key) && Object.is(known[key], part));
  if (isSame) return before as T;
  return (Array.isArray(next) ? parts.map(([, part]) => part) : Object.fromEntries(parts)) as T;
}

type Numbers = ArrayLike<number>;
const isSameArray = (a: Numbers, b: Numbers): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};
