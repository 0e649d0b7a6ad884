/**
 * What the reader needs of a shared library. `bind` looks a symbol up once and answers undefined when this driver does
 * not export it: NVML grows versioned names (…_v2, …_v3), and no driver has them all.
 */
export type Parameter = 'device' | 'uint' | 'out';
export type Argument = number | ArrayBuffer | Uint8Array;
/** Returns an nvmlReturn_t. */
export type NativeCall = (...args: Argument[]) => number;

export type NvmlLibrary = {
  readonly path: string;
  readonly bind: (symbol: string, parameters: readonly Parameter[]) => NativeCall | undefined;
  readonly unload: () => void;
};
