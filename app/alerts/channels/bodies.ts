import type { AlertMessage } from './message.ts';

/** Words of the formats, which programs read: they stay when the product's own names change. */
const SEVERITY = { warn: 'warning', act: 'critical' } as const;

const iso = (ms: number): string => new Date(ms).toISOString();
const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** All of a message as lines of text. */
export const plainText = ({ headline, lines }: AlertMessage): string => [headline, ...lines].join('\n');

/** The generic form: one object per message (docs/alerts.md). A field is only ever added. */
export function webhookBody(message: AlertMessage) {
  const { id, episode, kind, rule, severity, tsMs, firedMs, durationMs, subject, title, advice } = message;
  const { gpuName, gpuIndex, simulated } = message;
  return {
    source: 'slowburn',
    version: 1,
    id,
    episode,
    event: kind,
    rule,
    severity: SEVERITY[severity],
    time: iso(tsMs),
    firedAt: iso(firedMs),
    durationS: durationMs === null ? null : Math.round(durationMs / 1000),
    subject,
    title,
    advice,
    text: plainText(message),
    gpu: gpuName === null ? null : { name: gpuName, index: gpuIndex },
    simulated,
  };
}

/** Slack's incoming webhooks: three characters are markup in `text` (docs.slack.dev, "Formatting text"). */
export const slackBody = (message: AlertMessage) => ({
  text: plainText(message).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
});

const DISCORD_COLOUR = { act: 0xd92d20, warn: 0xdc8b00, over: 0x2e9e5b, test: 0x5b6b82 } as const;

const look = ({ kind, severity }: AlertMessage) => (kind === 'cleared' ? 'over' : kind === 'test' ? 'test' : severity);

/** Discord's webhooks: an embed has at most 256 and 4096 characters. Mentions are switched off, whatever a card is called. */
export const discordBody = (message: AlertMessage) => ({
  username: 'Slowburn',
  embeds: [
    {
      title: cut(message.headline, 256),
      description: cut(message.lines.join('\n'), 4096),
      color: DISCORD_COLOUR[look(message)],
      timestamp: iso(message.tsMs),
    },
  ],
  allowed_mentions: { parse: [] },
});

/** Telegram's sendMessage: plain text of at most 4096 characters. Only what is wrong makes a sound. */
export const telegramBody = (message: AlertMessage, chat: string) => ({
  chat_id: chat,
  text: cut(plainText(message), 4096),
  disable_notification: message.kind === 'cleared',
  link_preview_options: { is_disabled: true },
});

/** Priorities of ntfy: 5 vibrates long, 4 vibrates, 3 is the default, 2 makes no sound. Tags are shown as symbols. */
const NTFY = {
  act: { priority: 5, tags: ['rotating_light'] },
  warn: { priority: 4, tags: ['warning'] },
  over: { priority: 2, tags: ['white_check_mark'] },
  test: { priority: 3, tags: ['test_tube'] },
} as const;

/** The JSON form of ntfy, which is posted to the server's root (docs.ntfy.sh/publish, "Publish as JSON"). */
export const ntfyBody = (message: AlertMessage, topic: string) => ({
  topic,
  title: cut(message.headline, 250),
  message: cut(message.lines.join('\n'), 3000), // 4096 bytes and more become an attachment
  ...NTFY[look(message)],
});

/** What a local command gets besides the JSON on its standard input. */
export function commandEnvironment(message: AlertMessage): Record<string, string> {
  const { id, episode, kind, rule, severity, tsMs, durationMs, subject, title, advice, headline } = message;
  return {
    SLOWBURN_ALERT_ID: id,
    SLOWBURN_ALERT_EPISODE: episode,
    SLOWBURN_ALERT_EVENT: kind,
    SLOWBURN_ALERT_RULE: rule ?? '',
    SLOWBURN_ALERT_SEVERITY: SEVERITY[severity],
    SLOWBURN_ALERT_TIME: iso(tsMs),
    SLOWBURN_ALERT_DURATION_S: durationMs === null ? '' : String(Math.round(durationMs / 1000)),
    SLOWBURN_ALERT_SUBJECT: subject,
    SLOWBURN_ALERT_TITLE: title,
    SLOWBURN_ALERT_ADVICE: advice,
    SLOWBURN_ALERT_HEADLINE: headline,
  };
}
