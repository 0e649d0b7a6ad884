import type { SourceFault } from '../source.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_SUCCESS, returnCode } from './return-codes.ts';

const sentences: Readonly<Record<number, Omit<SourceFault, 'code'>>> = {
  1: { message: 'The NVIDIA driver was unloaded.', next: 'Slowburn reconnects by itself when it is loaded again.' },
  9: {
    message: 'The NVIDIA driver is not running.',
    next: 'Load it (on Linux: sudo modprobe nvidia) or restart the computer; Slowburn reconnects by itself.',
  },
  12: {
    message: 'A part of the NVIDIA driver is missing.',
    next: 'Reinstall the NVIDIA driver, then restart the computer.',
  },
  18: {
    message: 'The NVIDIA driver was updated while the system is running.',
    next: 'Restart the computer, or reload the driver.',
  },
};

/** The sentence for an NVML code that concerns the whole library. */
export function libraryFault(code: number): SourceFault {
  const { name } = returnCode(code);
  return {
    code: `nvml-${name.toLowerCase().replaceAll(/[ _]/g, '-')}`,
    ...(sentences[code] ?? {
      message: `The NVIDIA driver answered with an error (${name}).`,
      next: 'Slowburn tries again by itself. If it stays, restart the computer.',
    }),
  };
}

export const stallFault = (seconds: number): SourceFault => ({
  code: 'nvml-stalled',
  message: `The NVIDIA driver has not answered for ${Math.round(seconds)} s.`,
  next: 'Recording goes on as soon as it answers. If it does not, a GPU may be hanging: restart the computer.',
});

export const unopenedFault = (index: number, code: number): SourceFault => ({
  code: 'nvml-gpu-unopened',
  message: `The driver lists a GPU at index ${index} but cannot open it (${returnCode(code).name}).`,
  next:
    returnCode(code).means === 'denied'
      ? 'Give this user access to the card (on Linux: read and write /dev/nvidia*). Other GPUs are recorded.'
      : 'A restart of the computer usually brings it back. Other GPUs are recorded.',
});

/** Why there is nothing to read, when NVML was opened with this code and these GPUs. */
export function whyNoGpu(code: number, gpus: readonly ReaderGpu[]): SourceFault {
  if (code !== NVML_SUCCESS) return libraryFault(code);
  const unopened = gpus.find(({ openCode }) => openCode !== NVML_SUCCESS);
  if (!unopened) {
    return {
      code: 'nvml-no-gpu',
      message: 'The NVIDIA driver is running but lists no GPU.',
      next: 'Check that the card is seated and powered, then restart the computer.',
    };
  }
  const { identity, openCode } = unopened;
  return returnCode(openCode).library ? libraryFault(openCode) : unopenedFault(identity.index, openCode);
}

/** @param others how many GPUs hang beside the one that is named */
export function hangFault(name: string, others: number, seconds: number): SourceFault {
  const who = others === 0 ? `${name} has` : `${name} and ${others} more ${others === 1 ? 'GPU' : 'GPUs'} have`;
  return {
    code: 'nvml-gpu-hangs',
    message: `${who} not answered for ${Math.round(seconds)} s. The other GPUs are recorded.`,
    next: 'Recording resumes when the driver responds. If it does not, restart the computer.',
  };
}

export const slowedFault = (intervalMs: number): SourceFault => ({
  code: 'reading-slowed',
  level: 'warn',
  message: `The driver answers slowly: a sample is now taken every ${intervalMs / 1000} s.`,
  next: 'The interval returns by itself when the driver is quick again.',
});

export const threadFault = (why: string): SourceFault => ({
  code: 'nvml-thread-ended',
  message: `Reading the NVIDIA driver has ended unexpectedly (${why}).`,
  next: 'It is started again in a few seconds.',
});
