type Leaf = Float64Array | Uint8Array | Uint16Array;

/** A value and everything in it as read-only: the form in which data that a schema describes is passed on. */
export type Immutable<T> = T extends Leaf ? T : T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;
