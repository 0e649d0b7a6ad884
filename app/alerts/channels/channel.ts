import type { AppError, Err, Ok } from '../../core/result.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { StoredAlert } from '../schema.ts';
import type { Fields } from './field.ts';
import type { AlertMessage } from './message.ts';

/** A channel as the registry lists it (channels.ts). Its words are `channel.ID` in the language files. */
export type ChannelRow = {
  /** its settings besides those that every channel has */
  readonly fields: Fields;
  /** names of what must stay secret: addresses and tokens that allow anyone to send */
  readonly secrets: readonly string[];
  /** fields and secrets without which it cannot send */
  readonly needs: readonly string[];
  /** fields and secrets that say who receives the messages. The other secrets are meant for that receiver alone */
  readonly receiver: readonly string[];
  /** false: it carries no alerts, only `onTick`; its test is still a message */
  readonly alerts: boolean;
};

/** `retryAfterMs`: the receiver asked for this delay. `rejected`: it refused this very message, so few more are tried. */
export type SendFailure = Err & { readonly retryAfterMs?: number; readonly rejected?: true };
export type SendResult = Ok<undefined> | SendFailure;

/**
 * A channel that is switched on. Errors are sentences for a person: a cause, then a next step. They must not contain a
 * secret, so never the text of an error from below, which may quote an address.
 */
export type OpenedChannel = {
  /**
   * Sends one message and settles within SEND_LIMIT_MS, or soon after `signal` is aborted. Called for one message at a
   * time, in order. ok: the receiver has confirmed it.
   */
  readonly send: (message: AlertMessage, signal: AbortSignal) => Promise<SendResult>;
  /** Every tick, for channels that publish more than alerts. Must return at once. @param stored it is in the history */
  readonly onTick?: (tick: Tick, stored: boolean) => void;
  /** What fires, after every change and when the channel is opened: one alert per cause. Must return at once. */
  readonly onFiring?: (firing: readonly StoredAlert[]) => void;
  /** Ends what it keeps open. Called once, with no `send` in flight. */
  readonly close: () => Promise<void>;
};

/** After this time a message that is being sent counts as failed. */
export const SEND_LIMIT_MS = 30_000;

/** What a channel is opened with. It is closed and opened again when any of it changes. */
export type ChannelContext<Values> = {
  readonly settings: Values;
  /** those that are set; `needs` are */
  readonly secrets: Readonly<Record<string, string>>;
  readonly dataFolder: string;
  /** what an alert says, in the language of the recorder: "Core at its slowdown limit (93 °C)" */
  readonly titleOf: (alert: StoredAlert) => string;
  /** says what failed outside `send`, or that it worked just now (undefined): shown as the state of the channel */
  readonly report: (fault: AppError | undefined) => void;
};
