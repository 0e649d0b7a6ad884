import type { RecorderKind } from '../core/recorder-kinds.ts';
import type { OwnCost } from '../core/own-cost.ts';
import type { LimitField } from '../history/retention/limits.ts';
import type { StoredAlert } from '../alerts/schema.ts';
import type { JobState } from '../jobs/jobs.ts';
import type { Notice } from './file-keeper.node.ts';
import type { AppError, Result } from '../core/result.ts';
import type { Settings } from '../settings/settings.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { SourceSpec } from '../telemetry/sources.ts';
import type { GovernorEntry } from '../governor/policy.ts';
import type { PriceBook } from '../workload/prices/market.ts';
import type { ChannelOf } from '../contract/channels.ts';

/** How a collector is started, by the window's host or headless. */
export type CollectorConfig = {
  readonly source: SourceSpec;
  readonly speed: number;
  readonly dataFolder: string;
  readonly settings: Settings;
  /** limits that no settings give: nothing is deleted by them */
  readonly suspended: readonly LimitField[];
  /** the collector before this one died: the time without samples is marked so */
  readonly restarted: boolean;
  readonly startedBy: RecorderKind;
};

export type ToCollector =
  /** `keepsFolderMs`: how long from now it refuses to hand the folder over to a service */
  | { readonly type: 'start'; readonly config: CollectorConfig; readonly keepsFolderMs: number }
  | { readonly type: 'settings'; readonly settings: Settings; readonly suspended: readonly LimitField[] }
  | {
      readonly type: 'request';
      readonly id: number;
      readonly channel: ChannelOf<'collector'>;
      readonly payload: unknown;
    }
  | { readonly type: 'stop' };

export type FromCollector =
  | { readonly type: 'hello' }
  | { readonly type: 'started'; readonly setAside: string | undefined }
  | { readonly type: 'failed'; readonly error: AppError }
  /** a service asked for the folder: this recorder ends next */
  | { readonly type: 'handing-over' }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'tick'; readonly tick: Tick }
  /** alerts firing now, what to send a message about, and what is over; sent when that changes, after it was written */
  | {
      readonly type: 'alerts';
      readonly firing: readonly StoredAlert[];
      readonly told: readonly StoredAlert[];
      readonly cleared: readonly StoredAlert[];
    }
  | { readonly type: 'sessions' }
  /** something happened to the history's file, and recording continues */
  | { readonly type: 'notice'; readonly notice: Notice }
  /** the governor did something, or saw a limit passed */
  | { readonly type: 'action'; readonly action: GovernorEntry }
  | { readonly type: 'cost'; readonly cost: OwnCost }
  | { readonly type: 'prices'; readonly book: PriceBook | undefined }
  | { readonly type: 'job'; readonly job: JobState }
  | { readonly type: 'response'; readonly id: number; readonly result: Result<unknown> };
