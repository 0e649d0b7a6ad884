import { isIP } from 'node:net';
import { text } from '../../core/i18n.ts';
import { err, ok } from '../../core/result.ts';
import { readAuthority } from './authority.node.ts';
import type { ChannelContext, OpenedChannel, SendFailure, SendResult } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import { mailFailure, refusal } from './email-failure.ts';
import { emailOf } from './email-text.ts';
import type { AlertMessage } from './message.ts';

type Values = ChannelValues<'email'>;

/** Three steps must fit into the time for one message (channel.ts). */
const STEP_MS = 8_000;
/** Recipients of so many messages are remembered between attempts. */
const REMEMBERED = 100;

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';

/** What nodemailer is opened with. Without TLS only on this computer: a password would be readable on the way. */
function transportOptions(settings: Values, password: string | undefined, ca: string | undefined) {
  const { host, port, security, user } = settings;
  return {
    host,
    port,
    secure: security === 'TLS',
    requireTLS: security === 'STARTTLS',
    ignoreTLS: security === 'none',
    // where a login is configured, it is never left out because the server does not offer one
    ...(user !== '' && { auth: { user, pass: password ?? '' }, forceAuth: true }),
    ...(ca !== undefined && { tls: { ca } }),
    name: '[127.0.0.1]', // not the name of this computer
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    dnsTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    socketCloseTimeout: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  } as const;
}

/** "Anna <anna@example.org>" without the name. */
const addressOf = (mailbox: string): string => (/<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox).trim();

/** Remembers who has got a message, so that a second attempt goes to the others only. */
function createReceivers() {
  const done = new Map<string, Set<string>>();
  return {
    without: (id: string, all: readonly string[]): readonly string[] => all.filter((one) => !done.get(id)?.has(one)),
    note(id: string, received: readonly string[]): void {
      const known = done.get(id) ?? new Set();
      received.forEach((one) => known.add(one));
      done.delete(id);
      done.set(id, known);
      if (done.size > REMEMBERED) done.delete(done.keys().next().value!);
    },
    forget: (id: string): void => void done.delete(id),
  };
}

type Rejection = { readonly responseCode?: number | undefined; readonly permanent?: boolean | undefined };

/** What some recipients' refusal means: those that may accept later are tried again, unless all refused for good. */
function partlyRefused(rejections: readonly Rejection[]): SendFailure | undefined {
  const worst = rejections.find(({ permanent }) => permanent !== true) ?? rejections[0];
  return worst && refusal(worst.responseCode ?? 0, worst.permanent === true);
}

/** Sends each alert as an e-mail, through the mail server of its owner. nodemailer is loaded here, and only here. */
export async function openEmail({ settings, secrets }: ChannelContext<Values>): Promise<OpenedChannel> {
  const { host, port, security, fromAddress: from, to } = settings;
  const { createTransport } = await import('nodemailer');
  const receivers = createReceivers();

  async function deliver(message: AlertMessage, ca: string | undefined, signal: AbortSignal): Promise<SendResult> {
    const transport = createTransport(transportOptions(settings, secrets['password'], ca));
    const due = receivers.without(message.id, to);
    try {
      const sent = await transport.sendMail({
        ...emailOf(message, from),
        from,
        to: [...to],
        envelope: { from, to: [...due] },
        signal,
      });
      const accepted = new Set(sent.accepted.map(String));
      receivers.note(
        message.id,
        due.filter((one) => accepted.has(addressOf(one))),
      );
      return partlyRefused(sent.rejectedErrors ?? []) ?? ok(undefined);
    } catch (thrown) {
      return mailFailure(thrown, { host, port });
    } finally {
      transport.close();
    }
  }

  return {
    async send(message, signal) {
      if (security === 'none' && !isLoopback(host))
        return err('forbidden', text('channel.email.unencrypted'), text('channel.email.unencryptedNext'));
      const ca = readAuthority(settings.caFile);
      if (!ca.ok) return ca;
      const result = await deliver(message, ca.value, signal);
      if (result.ok) receivers.forget(message.id);
      return result;
    },
    close: async () => undefined,
  };
}
