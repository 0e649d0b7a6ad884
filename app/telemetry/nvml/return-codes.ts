import type { Absence } from '../../core/reading.ts';

/**
 * nvmlReturn_t (nvml.h, CUDA 13.3). A separate table, because an old library calls every newer code "Unknown Error".
 * `means` is the state of a reading with this code; `library: true`: no call can succeed until NVML is reopened.
 */
export type ReturnCode = { readonly name: string; readonly means: Absence; readonly library?: true };

export const NVML_SUCCESS = 0;
export const NVML_INVALID_ARGUMENT = 2;
export const NVML_NOT_SUPPORTED = 3;
export const NVML_NOT_FOUND = 6;
export const NVML_INSUFFICIENT_SIZE = 7;
export const NVML_LIBRARY_NOT_FOUND = 12;
export const NVML_FUNCTION_NOT_FOUND = 13;
export const NVML_GPU_IS_LOST = 15;
export const NVML_NO_DATA = 21;

const codes: Readonly<Record<number, ReturnCode>> = {
  1: { name: 'UNINITIALIZED', means: 'failed', library: true },
  2: { name: 'INVALID_ARGUMENT', means: 'failed' },
  3: { name: 'NOT_SUPPORTED', means: 'unsupported' },
  4: { name: 'NO_PERMISSION', means: 'denied' },
  5: { name: 'ALREADY_INITIALIZED', means: 'failed' },
  6: { name: 'NOT_FOUND', means: 'failed' },
  7: { name: 'INSUFFICIENT_SIZE', means: 'failed' },
  8: { name: 'INSUFFICIENT_POWER', means: 'lost' },
  9: { name: 'DRIVER_NOT_LOADED', means: 'lost', library: true },
  10: { name: 'TIMEOUT', means: 'stalled' },
  11: { name: 'IRQ_ISSUE', means: 'lost' },
  12: { name: 'LIBRARY_NOT_FOUND', means: 'lost', library: true },
  13: { name: 'FUNCTION_NOT_FOUND', means: 'unsupported' },
  14: { name: 'CORRUPTED_INFOROM', means: 'failed' },
  15: { name: 'GPU_IS_LOST', means: 'lost' },
  16: { name: 'RESET_REQUIRED', means: 'lost' },
  17: { name: 'OPERATING_SYSTEM', means: 'failed' },
  18: { name: 'LIB_RM_VERSION_MISMATCH', means: 'lost', library: true },
  19: { name: 'IN_USE', means: 'failed' },
  20: { name: 'MEMORY', means: 'failed' },
  21: { name: 'NO_DATA', means: 'failed' },
  22: { name: 'VGPU_ECC_NOT_SUPPORTED', means: 'unsupported' },
  23: { name: 'INSUFFICIENT_RESOURCES', means: 'failed' },
  24: { name: 'FREQ_NOT_SUPPORTED', means: 'unsupported' },
  25: { name: 'ARGUMENT_VERSION_MISMATCH', means: 'unsupported' },
  26: { name: 'DEPRECATED', means: 'unsupported' },
  27: { name: 'NOT_READY', means: 'failed' },
  28: { name: 'GPU_NOT_FOUND', means: 'lost' },
  29: { name: 'INVALID_STATE', means: 'failed' },
  30: { name: 'RESET_TYPE_NOT_SUPPORTED', means: 'unsupported' },
  999: { name: 'UNKNOWN', means: 'failed' },
};

/** The meaning of any code; an unknown one only fails its reading. */
export const returnCode = (code: number): ReturnCode => codes[code] ?? { name: `code ${code}`, means: 'failed' };

/** Whether a code ends the reading of a GPU: the GPU is lost, or NVML must be reopened. */
export const endsReading = (code: number): boolean =>
  code !== NVML_SUCCESS && (returnCode(code).library === true || returnCode(code).means === 'lost');

export const allReturnCodes: readonly number[] = Object.keys(codes).map(Number);
