import { setAbsent, setValue, type Frame } from '../../reading.ts';
import type { Argument, Symbols } from './library.ts';
import { NVML_SUCCESS, returnCode } from './return-codes.ts';

/** nvmlNvLinkErrorCounter_t: which counters make up a metric */
const counters = [
  { metric: 'nvlinkReplays', types: [0] },
  { metric: 'nvlinkRecoveries', types: [1] },
  { metric: 'nvlinkCrcErrors', types: [2, 3] }, // flits, and data
] as const;

/** Reads the links of a GPU: how many are up, and their errors in sum. Links that are down have no counters. */
export function readNvLink({ callFirst }: Symbols, device: number, links: number, frame: Frame): void {
  const out = new ArrayBuffer(8);
  const view = new DataView(out);
  const ask = (symbol: string, selectors: readonly number[]): number => {
    const parameters = ['device', ...selectors.map(() => 'uint' as const), 'out'] as const;
    const args: Argument[] = [device, ...selectors, out];
    view.setBigUint64(0, 0n, true);
    return callFirst([symbol], parameters, args);
  };
  const up: number[] = [];
  for (let link = 0; link < links; link++) {
    const code = ask('nvmlDeviceGetNvLinkState', [link]);
    if (code !== NVML_SUCCESS) return setAbsent(frame, 'nvlinkActive', returnCode(code).means, code);
    if (view.getUint32(0, true) === 1) up.push(link);
  }
  setValue(frame, 'nvlinkActive', up.length);
  for (const { metric, types } of counters) {
    const codes = up.flatMap((link) =>
      types.map((type) => ({
        code: ask('nvmlDeviceGetNvLinkErrorCounter', [link, type]),
        count: Number(view.getBigUint64(0, true)),
      })),
    );
    const failed = codes.find(({ code }) => code !== NVML_SUCCESS);
    if (failed) setAbsent(frame, metric, returnCode(failed.code).means, failed.code);
    else {
      setValue(
        frame,
        metric,
        codes.reduce((sum, { count }) => sum + count, 0),
      );
    }
  }
}
