import { appError, gpuUuid, moment, type TypeOf } from '../core/schema.ts';
import { coreSettings } from '../core/settings.ts';
import { z } from '../core/zod.ts';
import { exportFormats, sessionFormats } from '../exchange/format.ts';
import { workloadSettings } from '../workload/settings.ts';
import { metricKey } from '../metrics/schema.ts';
import { metrics } from '../metrics/metrics.ts';
import { jobKinds } from './job.ts';

/** A long job as the window sees it. */
export const job = z.object({
  id: z.int(),
  kind: z.enum(jobKinds),
  /** waiting: another job of its kind must end first */
  state: z.enum(['waiting', 'running', 'done', 'cancelled', 'failed']),
  /** 0–1 */
  share: z.number(),
  /** the file written */
  path: z.string().optional(),
  /** check: what is wrong, in words */
  problems: z.array(z.string()).optional(),
  error: appError.optional(),
});
export type JobState = TypeOf<typeof job>;

const exported = {
  kind: z.literal('export'),
  format: z.enum(exportFormats),
  fromMs: moment,
  toMs: moment,
  /** all if empty */
  metrics: z.array(metricKey).max(metrics.length),
  gpuUuids: z.array(gpuUuid).max(256),
};

const { pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct, co2GramsPerKwh } = workloadSettings;
const { currency } = coreSettings;

const sessionsExported = {
  kind: z.literal('sessions'),
  format: z.enum(sessionFormats),
  /** what the settings say about prices: costs are computed when sessions are shown */
  prices: z.strictObject({ pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct, co2GramsPerKwh, currency }),
};

/** What the window may ask for. */
export const jobWish = z.discriminatedUnion('kind', [
  z.strictObject(exported),
  z.strictObject(sessionsExported),
  z.strictObject({ kind: z.literal('backup') }),
  z.strictObject({ kind: z.literal('check') }),
]);

/** The same with the path that the user chose in main's dialog. */
export const jobRequest = z.discriminatedUnion('kind', [
  z.strictObject({ ...exported, target: z.string().min(1) }),
  z.strictObject({ ...sessionsExported, target: z.string().min(1) }),
  z.strictObject({ kind: z.literal('backup'), target: z.string().min(1) }),
  z.strictObject({ kind: z.literal('check') }),
]);
export type JobRequest = TypeOf<typeof jobRequest>;
