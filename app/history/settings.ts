import { z } from '../core/zod.ts';

/** days that samples are kept at full resolution; roll-ups are kept permanently */
export const retentionDays = z.int().min(1).max(36_500);
/** maximum size of the history's file, MB; the oldest full-resolution data is deleted first; null: no limit */
export const historyCapMb = z.int().min(50).max(100_000_000).nullable();

export const historySettings = {
  retentionDays: retentionDays.default(365),
  historyCapMb: historyCapMb.default(4000),
};
