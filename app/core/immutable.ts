/** The same shape, read-only at every depth: for types inferred from schemas, whose own results could be changed. */
export type Immutable<T> = { readonly [K in keyof T]: Immutable<T[K]> };
