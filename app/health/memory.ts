/** Rules for worn memory: row remapping, page retirement, SRAM. Only cards with ECC memory can show any of it. */

/** Rows that can be remapped at all; the flag is also set by a ninth attempt on one bank (NVIDIA, a100-gpu-mem-error-mgmt). */
export const MAX_REMAPPED_ROWS = 512;
/** DCGM fails a card at this many retired pages; the hardware can retire 64. */
export const MAX_RETIRED_PAGES = 63;
/** From here to the limit a card is at the edge: third parties, and DCGM's own older test, say 60. */
export const BORDERLINE_RETIRED_PAGES = 60;
const DOUBLE_BIT_PAGES = 15;

export type RowRemap = { readonly failed: boolean; readonly uncorrectable: number; readonly pending: boolean };
export type RowRemapAction = 'OK' | 'WARN' | 'RESET_REQUIRED' | 'RMA_CANDIDATE';

/**
 * What row remapping asks for. A failed remap makes a card an RMA candidate, which NVIDIA's Field Diagnostic must still
 * confirm; a pending one needs a reset; 512 uncorrectable rows without failure are a warning (DCGM).
 */
export function rowRemapAction({ failed, uncorrectable, pending }: RowRemap): RowRemapAction {
  if (failed) return 'RMA_CANDIDATE';
  if (pending) return 'RESET_REQUIRED';
  return uncorrectable >= MAX_REMAPPED_ROWS ? 'WARN' : 'OK';
}

export type PageRetirement = {
  readonly doubleBit: number;
  readonly singleBit: number;
  /** pages retired for double-bit errors a week ago; undefined when that was not recorded: no rate can be told */
  readonly doubleBitWeekAgo: number | undefined;
};
export type PageRetirementResult = 'PASS' | 'FAIL_TOTAL' | 'FAIL_DBE_RATE';

/** DCGM's rule (NVIDIA/DCGM @72fa3fea): 63 pages in all, or more than 15 for double-bit errors with more than one new in a week. */
export function pageRetirementResult({ doubleBit, singleBit, doubleBitWeekAgo }: PageRetirement): PageRetirementResult {
  if (doubleBit + singleBit >= MAX_RETIRED_PAGES) return 'FAIL_TOTAL';
  if (doubleBitWeekAgo === undefined) return 'PASS';
  return doubleBit > DOUBLE_BIT_PAGES && doubleBit - doubleBitWeekAgo > 1 ? 'FAIL_DBE_RATE' : 'PASS';
}
