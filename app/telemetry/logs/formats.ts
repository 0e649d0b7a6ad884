import { afterburner } from './afterburner.ts';
import { csv } from './csv.ts';
import { gpuZ } from './gpu-z.ts';
import { hwinfo } from './hwinfo.ts';
import type { LogFormat } from './log.ts';
import { own } from './own.ts';
import { smiText, smiXml } from './smi.ts';

/** Logs that can be imported. The first that recognises a file's beginning reads it. */
const formats: readonly LogFormat[] = [own, smiXml, smiText, hwinfo, gpuZ, afterburner, csv];

export const formatOf = (head: string): LogFormat | undefined => formats.find(({ recognises }) => recognises(head));
