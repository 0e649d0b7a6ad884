import { text } from '../../core/i18n.ts';
import type { SourceFault } from '../source.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_SUCCESS, returnCode } from './return-codes.ts';

type Sentence = Omit<SourceFault, 'code'>;

/** Causes that concern the whole library, by NVML code. */
const sentences: Readonly<Record<number, () => Sentence>> = {
  1: () => ({ message: text('telemetry.nvml.unloaded'), next: text('telemetry.nvml.unloadedNext') }),
  9: () => ({ message: text('telemetry.nvml.notRunning'), next: text('telemetry.nvml.notRunningNext') }),
  12: () => ({ message: text('telemetry.nvml.incomplete'), next: text('telemetry.nvml.incompleteNext') }),
  18: () => ({ message: text('telemetry.nvml.updated'), next: text('telemetry.nvml.updatedNext') }),
};

/** @param code an NVML code that concerns the whole library */
export function libraryFault(code: number): SourceFault {
  const { name } = returnCode(code);
  return {
    code: `nvml-${name.toLowerCase().replaceAll(/[ _]/g, '-')}`,
    ...(sentences[code]?.() ?? {
      message: text('telemetry.nvml.failed', { name }),
      next: text('telemetry.nvml.failedNext'),
    }),
  };
}

export const stallFault = (seconds: number): SourceFault => ({
  code: 'nvml-stalled',
  message: text('telemetry.nvml.stalled', { seconds: Math.round(seconds) }),
  next: text('telemetry.nvml.stalledNext'),
});

export const unopenedFault = (index: number, code: number): SourceFault => ({
  code: 'nvml-gpu-unopened',
  message: text('telemetry.nvml.unopened', { index, name: returnCode(code).name }),
  next: text(returnCode(code).means === 'denied' ? 'telemetry.nvml.unopenedDeniedNext' : 'telemetry.nvml.unopenedNext'),
});

/** Why there is nothing to read, given the code with which NVML was opened and the GPUs that it listed. */
export function whyNoGpu(code: number, gpus: readonly ReaderGpu[]): SourceFault {
  if (code !== NVML_SUCCESS) return libraryFault(code);
  const unopened = gpus.find(({ openCode }) => openCode !== NVML_SUCCESS);
  if (!unopened) {
    return { code: 'nvml-no-gpu', message: text('telemetry.nvml.noGpu'), next: text('telemetry.nvml.noGpuNext') };
  }
  const { identity, openCode } = unopened;
  return returnCode(openCode).library ? libraryFault(openCode) : unopenedFault(identity.index, openCode);
}

/** @param others how many other GPUs hang too */
export function hangFault(name: string, others: number, seconds: number): SourceFault {
  const values = { name, seconds: Math.round(seconds) };
  return {
    code: 'nvml-gpu-hangs',
    message:
      others === 0
        ? text('telemetry.nvml.hangs', values)
        : text('telemetry.nvml.severalHang', { ...values, count: others }),
    next: text('telemetry.nvml.hangsNext'),
  };
}

export const slowFault = (intervalMs: number): SourceFault => ({
  code: 'reading-slowed',
  level: 'warn',
  message: text('telemetry.nvml.slow', { seconds: intervalMs / 1000 }),
  next: text('telemetry.nvml.slowNext'),
});

export const threadFault = (why: string): SourceFault => ({
  code: 'nvml-thread-ended',
  message: text('telemetry.nvml.threadEnded', { why }),
  next: text('telemetry.nvml.threadEndedNext'),
});
