import { describe, expect, it } from 'vitest';
import * as faults from '../../app/telemetry/nvml/faults.ts';
import { allReturnCodes } from '../../app/telemetry/nvml/return-codes.ts';
import type { SourceFault } from '../../app/telemetry/source.ts';

const identity = { uuid: '', index: 3, name: '', pciBusId: '' };

/** Every fault that the module can make. A function that is missing here fails the test below. */
const made: Readonly<Record<keyof typeof faults, readonly SourceFault[]>> = {
  libraryFault: [...allReturnCodes, 4711].map(faults.libraryFault),
  stallFault: [faults.stallFault(0.2), faults.stallFault(75)],
  unopenedFault: [...allReturnCodes, 4711].map((code) => faults.unopenedFault(1, code)),
  hangFault: [0, 1, 4].map((others) => faults.hangFault('NVIDIA GeForce RTX 3090', others, 6.4)),
  slowFault: [faults.slowFault(2000)],
  threadFault: [faults.threadFault('out of memory')],
  whyNoGpu: [
    faults.whyNoGpu(9, []),
    faults.whyNoGpu(0, []),
    ...allReturnCodes.map((openCode) => faults.whyNoGpu(0, [{ identity, openCode }])),
  ],
};

describe('faults of the driver', () => {
  it('are all made here', () => expect(Object.keys(made).sort()).toEqual(Object.keys(faults).sort()));

  it.each(Object.entries(made))('%s says in whole sentences what happened and what to do', (_, all) => {
    for (const { code, message, next } of all) {
      expect(code).toMatch(/^[a-z]+(-[a-z0-9]+)+$/);
      for (const text of [message, next ?? '']) {
        expect(text).toMatch(/^[A-Z].{10,}\.$/);
        expect(text).not.toMatch(/undefined|null|NaN|\n/);
      }
    }
  });
});
