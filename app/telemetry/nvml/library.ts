/**
 * A parameter of a native function. `bind` returns undefined if the driver does not export a symbol: NVML adds versioned
 * names (…_v2, …_v3), and no driver has them all.
 */
export type Parameter = 'device' | 'uint' | 'ulonglong' | 'text' | 'text16' | 'out';
export type Argument = number | bigint | string | ArrayBuffer | Uint8Array | null;
/** Returns an nvmlReturn_t, or the status of another library. */
export type NativeCall = (...args: Argument[]) => number;

export type NvmlLibrary = {
  readonly path: string;
  readonly bind: (symbol: string, parameters: readonly Parameter[]) => NativeCall | undefined;
  readonly unload: () => void;
};

/** Looks symbols up, once each. */
export type Symbols = {
  readonly bind: NvmlLibrary['bind'];
  /** Calls the first of some versioned names that this library has; FUNCTION_NOT_FOUND when it has none. */
  readonly callFirst: (
    symbols: readonly string[],
    parameters: readonly Parameter[],
    args: readonly Argument[],
  ) => number;
};

export function createSymbols(library: NvmlLibrary, functionNotFound: number): Symbols {
  const bound = new Map<string, NativeCall | undefined>();
  const bind: NvmlLibrary['bind'] = (symbol, parameters) => {
    if (!bound.has(symbol)) bound.set(symbol, library.bind(symbol, parameters));
    return bound.get(symbol);
  };
  return {
    bind,
    callFirst(symbols, parameters, args) {
      for (const symbol of symbols) {
        const call = bind(symbol, parameters);
        if (call) return call(...args);
      }
      return functionNotFound;
    },
  };
}

/** The text in a caller's buffer, up to its end mark. */
export function textIn(buffer: ArrayBuffer, at = 0, length = buffer.byteLength - at): string {
  const bytes = new Uint8Array(buffer, at, length);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? length : end)).trim();
}
