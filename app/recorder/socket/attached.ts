import type { ChannelOf } from '../../contract/channels.ts';
import type { OwnCost } from '../../core/own-cost.ts';
import type { AppError, Result } from '../../core/result.ts';
import type { StoredAlert } from '../../alerts/schema.ts';
import type { GovernorEntry } from '../../governor/schema.ts';
import type { JobState } from '../../jobs/jobs.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { PriceBook } from '../../workload/prices/market.ts';
import type { Notice } from '../file-keeper.node.ts';
import type { Hello } from './wire.ts';

/** What a client of a recorder receives. Only `onLost` and `onAttached` are about the connection itself. */
export type AttachEvents = {
  /** connected, now or again: maybe to another recorder of the folder */
  readonly onAttached?: (hello: Hello) => void;
  /** the connection ended; it is tried again until `close`. */
  readonly onLost?: (why: AppError) => void;
  readonly onTick?: (tick: Tick) => void;
  readonly onAlerts?: (
    firing: readonly StoredAlert[],
    told: readonly StoredAlert[],
    cleared: readonly StoredAlert[],
  ) => void;
  readonly onSessions?: () => void;
  readonly onAction?: (action: GovernorEntry) => void;
  readonly onCost?: (cost: OwnCost) => void;
  readonly onNotice?: (notice: Notice) => void;
  readonly onPrices?: (book: PriceBook | undefined) => void;
  readonly onJob?: (job: JobState) => void;
  /** settings of the recorder, in force */
  readonly onSettings?: (settings: Settings) => void;
  /** a line that does not fit its schema was left out */
  readonly onUnread?: (why: string) => void;
};

/** A connection to a recorder in another process, which outlives it. */
export type Attached = {
  /** of the recorder that is connected, or was last */
  readonly hello: () => Hello;
  readonly isConnected: () => boolean;
  /** Asks the recorder. `not-ready` while it is not connected, `forbidden` where the connection may not, `timeout`. */
  readonly ask: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  /** Ends the view, not the recorder. */
  readonly close: () => void;
};
