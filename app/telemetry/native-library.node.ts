import koffi from 'koffi';
import type { NvmlLibrary, Parameter } from './nvml/library.ts';

// Devices and handles are opaque pointers; as integers they have the same calling convention and cost no wrapper object.
const cTypes: Record<Parameter, string> = {
  device: 'uintptr_t',
  uint: 'unsigned int',
  ulonglong: 'unsigned long long',
  text: 'const char *',
  text16: 'const char16_t *',
  out: 'void *',
};

/** Loads a shared library. Throws when there is none. */
export function openLibrary(file: string): NvmlLibrary {
  const library = koffi.load(file);
  return {
    path: file,
    bind: (symbol, parameters) => {
      try {
        const types = parameters.map((parameter) => cTypes[parameter]);
        return library.func(symbol, 'int', types);
      } catch {
        return undefined; // koffi throws for a symbol that is not exported: the caller takes an older one
      }
    },
    unload: () => library.unload(),
  };
}

/** Where a buffer lies, to find what pointers in it point to within it. */
export const addressOf = (buffer: ArrayBuffer): bigint => koffi.address(buffer);
