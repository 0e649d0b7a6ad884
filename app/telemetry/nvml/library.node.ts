import path from 'node:path';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
import { text } from '../../core/i18n.ts';
import { openLibrary } from '../native-library.node.ts';
import type { NvmlLibrary } from './library.ts';

/** Where the driver puts NVML, in the order NVIDIA's own Python binding looks. */
function candidates(): string[] {
  if (process.platform !== 'win32') return ['libnvidia-ml.so.1'];
  const { SystemRoot = 'C:\\Windows', ProgramFiles = 'C:\\Program Files' } = process.env;
  return [
    path.win32.join(SystemRoot, 'System32', 'nvml.dll'),
    path.win32.join(ProgramFiles, 'NVIDIA Corporation', 'NVSMI', 'nvml.dll'),
  ];
}

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
    text('telemetry.nvml.noLibrary'),
    text('telemetry.nvml.noLibraryNext', { tried: tried.join('; ') }),
  );
}
