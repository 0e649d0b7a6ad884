import { z } from '../core/zod.ts';

export const telemetrySettings = {
  /** time between samples, ms */
  intervalMs: z.int().min(100).max(5000).default(1000),
  /** read PCIe traffic too: it blocks the driver for 20 ms per direction and card */
  pcieThroughput: z.boolean().default(false),
};
