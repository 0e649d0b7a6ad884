import path from 'node:path';
import koffi from 'koffi';
import { err, messageOf, ok, type Result } from '../../result.ts';
import type { NvmlLibrary, Parameter } from './library.ts';

// nvmlDevice_t is an opaque pointer; as an integer it has the same calling convention and costs no wrapper object.
const cTypes: Record<Parameter, string> = {
  device: 'uintptr_t',
  uint: 'unsigned int',
  ulonglong: 'unsigned long long',
  text: 'const char *',
  text16: 'const char16_t *',
  out: 'void *',
};

/** Where the driver puts NVML, in the order NVIDIA's own Python binding looks. */
function candidates(): string[] {
  if (process.platform !== 'win32') return ['libnvidia-ml.so.1'];
  const { SystemRoot = 'C:\\Windows', ProgramFiles = 'C:\\Program Files' } = process.env;
  return [
    path.win32.join(SystemRoot, 'System32', 'nvml.dll'),
    path.win32.join(ProgramFiles, 'NVIDIA Corporation', 'NVSMI', 'nvml.dll'),
  ];
}

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

/**
 * Loads NVML. Nothing is initialised yet and no device is touched.
 * @param override a library to load instead of the driver's
 */
export function loadLibrary(override?: string): Result<NvmlLibrary> {
  const tried: string[] = [];
  for (const file of override === undefined ? candidates() : [override]) {
    try {
      return ok(openLibrary(file));
    } catch (thrown) {
      tried.push(`${file}: ${messageOf(thrown)}`);
    }
  }
  return err(
    'source-unavailable',
    'No NVIDIA driver library (NVML) was found on this machine.',
    `Install the NVIDIA driver, or choose another source. Tried ${tried.join('; ')}`,
  );
}
