import type { ChannelOf } from '../contract/channels.ts';
import type { OwnCost } from '../core/own-cost.ts';
import type { Result } from '../core/result.ts';
import type { GovernorEntry } from '../governor/policy.ts';
import type { ShownLimits } from '../history/retention/grace.ts';
import type { LimitField } from '../history/retention/limits.ts';
import type { JobState } from '../jobs/jobs.ts';
import type { Settings } from '../settings/settings.ts';
import type { PriceBook } from '../workload/prices/market.ts';
import type { Notice } from './file-keeper.node.ts';
import type { RecordingEvents } from './tick-pipeline.node.ts';

/** What a collector tells whoever runs it: the window's host, or the terminal. */
export type CollectorEvents = RecordingEvents & {
  readonly onSessions: () => void;
  /** the governor did something, or saw a limit passed */
  readonly onAction?: (action: GovernorEntry) => void;
  /** every few seconds: what recording costs */
  readonly onCost?: (cost: OwnCost) => void;
  /** something happened to the history's file, and recording continues */
  readonly onNotice?: (notice: Notice) => void;
  /** the imported electricity prices, at the start and after a change */
  readonly onPrices?: (book: PriceBook | undefined) => void;
  /** a long job began, went on or ended */
  readonly onJob?: (job: JobState) => void;
  /** A service asks for the folder. Whoever agrees stops the collector after this call; without it the answer is no. */
  readonly onHandOver?: () => Result<undefined>;
};

export type Collector = {
  readonly answer: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly applySettings: (settings: Settings, suspended: readonly LimitField[]) => void;
  /** Takes a sample beside the interval, if the source can. */
  readonly sampleNow: () => void;
  /** the limits that the history keeps to, and what waits */
  readonly limits: () => ShownLimits;
  /** where a damaged history was moved to, when one was found */
  readonly setAside: string | undefined;
  readonly databaseFile: string;
  /** resolves when a recording was played to its end */
  readonly finished: Promise<void>;
  /** Ends recording. An error says what was sampled and is not in the history. */
  readonly stop: () => Promise<Result<undefined>>;
};
