import { text } from '../../core/i18n.ts';
import { err, ok, type AppError, type Result } from '../../core/result.ts';
import type { StoredAlert } from '../schema.ts';
import { settingName } from './channel-text.ts';
import type { OpenedChannel } from './channel.ts';
import { channelRow, type AlertChannelId } from './channels.ts';
import type { ChannelSettings } from './settings.ts';
import type { SecretPlace } from './state.ts';

export type Secret = { readonly value: string; readonly place: SecretPlace };
export type Secrets = Readonly<Record<string, Secret>>;
/** Opens a channel with its own settings and the values of its secrets. */
export type OpenAny = (
  id: AlertChannelId,
  settings: ChannelSettings[AlertChannelId],
  secrets: Readonly<Record<string, string>>,
  report: (fault: AppError | undefined) => void,
) => Promise<OpenedChannel>;

const isSet = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '';

/** What a channel needs and does not have. */
export const missingOf = (id: AlertChannelId, settings: object, secrets: Secrets): readonly string[] =>
  channelRow(id).needs.filter((name) => !isSet(secrets[name]?.value ?? (settings as Record<string, unknown>)[name]));

/** What every channel has (settings.ts). */
const COMMON: ReadonlySet<string> = new Set(['on', 'from', 'cleared']);

export type SlotOptions = {
  readonly id: AlertChannelId;
  readonly open: OpenAny;
  readonly settings: () => ChannelSettings[AlertChannelId];
  readonly secrets: () => Result<Secrets>;
  readonly firing: () => readonly StoredAlert[];
  readonly report: (fault: AppError | undefined) => void;
};

/** Holds a channel open as its settings and secrets are now, and opens it again when they change. */
export function createSlot({ id, open, settings, secrets, firing, report }: SlotOptions) {
  let held: { readonly key: string; readonly channel: OpenedChannel } | undefined;

  const openNow = async (key: string): Promise<Result<OpenedChannel>> => {
    try {
      const { given, values } = JSON.parse(key) as { given: never; values: Record<string, string> };
      return ok(await open(id, given, values, report));
    } catch {
      return err('internal', text('channel.error.internal')); // not its text, which may quote a secret
    }
  };
  /** Settings and secrets as one text: equal texts open equal channels. */
  function keyOf(): Result<string> {
    const found = secrets();
    if (!found.ok) return found;
    const given = settings();
    const missing = missingOf(id, given, found.value);
    if (missing.length > 0) {
      const names = missing.map((name) => settingName(text, id, name)).join(', ');
      return err('invalid-argument', text('channel.error.incomplete', { names }), text('channel.error.incompleteNext'));
    }
    const values = Object.fromEntries(Object.entries(found.value).map(([name, { value }]) => [name, value]));
    const own = Object.entries(given).filter(([name]) => !COMMON.has(name)); // they change nothing about an open channel
    return ok(JSON.stringify({ given: Object.fromEntries(own), values }));
  }
  async function release(): Promise<void> {
    const last = held;
    held = undefined;
    await last?.channel.close().catch(() => undefined);
  }

  return {
    /** Of several calls each must wait for the one before. @returns undefined: it is off */
    async ensure(on: boolean): Promise<Result<OpenedChannel | undefined>> {
      const key = on ? keyOf() : ok(undefined);
      if (held && (!key.ok || held.key !== key.value)) await release();
      if (!key.ok || key.value === undefined) return key.ok ? ok(undefined) : key;
      if (held) return ok(held.channel);
      const opened = await openNow(key.value);
      if (!opened.ok) return opened;
      held = { key: key.value, channel: opened.value };
      opened.value.onFiring?.(firing());
      return opened;
    },
    /** Opens it for one use, whether it is on or not. */
    async once<T>(use: (channel: OpenedChannel) => Promise<T>): Promise<Result<T>> {
      const key = keyOf();
      if (!key.ok) return key;
      if (held?.key === key.value) return ok(await use(held.channel));
      const opened = await openNow(key.value);
      if (!opened.ok) return opened;
      try {
        return ok(await use(opened.value));
      } finally {
        await opened.value.close().catch(() => undefined);
      }
    },
    channel: (): OpenedChannel | undefined => held?.channel,
    release,
  };
}

export type Slot = ReturnType<typeof createSlot>;
