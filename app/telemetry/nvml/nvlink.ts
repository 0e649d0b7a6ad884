import type { MetricKey } from '../../metrics/metrics.ts';
import { setAbsent, setValue, type Frame } from '../../metrics/frame.ts';
import type { Argument, Symbols } from './library.ts';
import { endsReading, NVML_NOT_SUPPORTED, NVML_SUCCESS, returnCode } from './return-codes.ts';

/** nvmlNvLinkErrorCounter_t: which counters make up a metric */
const counters = [
  { metric: 'nvlinkReplays', types: [0] },
  { metric: 'nvlinkRecoveries', types: [1] },
  { metric: 'nvlinkCrcErrors', types: [2, 3] }, // flits, and data
] as const;

export const linkMetrics = ['nvlinkActive', ...counters.map(({ metric }) => metric)] as const;

/**
 * Reads the links of a GPU: how many are up, and the sum of their errors. Links that are down have no counters. If a part
 * of a sum is missing, there is no sum.
 * @returns 0, or the NVML code that ends the reading of this GPU
 */
export function readNvLink({ callFirst }: Symbols, device: number, links: number, frame: Frame): number {
  const out = new ArrayBuffer(8);
  const view = new DataView(out);
  const ask = (symbol: string, selectors: readonly number[]): number => {
    const parameters = ['device', ...selectors.map(() => 'uint' as const), 'out'] as const;
    const args: Argument[] = [device, ...selectors, out];
    view.setBigUint64(0, 0n, true);
    return callFirst([symbol], parameters, args);
  };
  const markAbsent = (keys: readonly MetricKey[], code: number): void => {
    for (const key of keys) setAbsent(frame, key, returnCode(code).means, code);
  };
  const up: number[] = [];
  for (let link = 0; link < links; link++) {
    const code = ask('nvmlDeviceGetNvLinkState', [link]);
    if (code !== NVML_SUCCESS) {
      markAbsent(linkMetrics, code);
      return endsReading(code) ? code : NVML_SUCCESS;
    }
    if (view.getUint32(0, true) === 1) up.push(link);
  }
  setValue(frame, 'nvlinkActive', up.length);
  for (const { metric, types } of counters) {
    let sum = 0;
    let code = up.length === 0 ? NVML_NOT_SUPPORTED : NVML_SUCCESS;
    for (const [link, type] of up.flatMap((one) => types.map((kind) => [one, kind] as const))) {
      code ||= ask('nvmlDeviceGetNvLinkErrorCounter', [link, type]);
      sum += Number(view.getBigUint64(0, true));
    }
    if (endsReading(code)) return code;
    if (code === NVML_SUCCESS) setValue(frame, metric, sum);
    else markAbsent([metric], code);
  }
  return NVML_SUCCESS;
}
