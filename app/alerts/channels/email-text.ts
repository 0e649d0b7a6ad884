import { text } from '../../core/i18n.ts';
import { printable } from '../../core/printable.ts';
import type { AlertMessage } from './message.ts';

/** A message as nodemailer takes it. */
export type Email = {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly references?: string;
  readonly inReplyTo?: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** RFC 5322, 3.2.3: what may stand in the left half of a Message-ID without quotes. */
const idPart = (id: string): string => id.replace(/[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]/g, '_');

/** The domain of the sender's address: a Message-ID ends with a name that its sender owns. */
const domainOf = (from: string): string => /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'slowburn.invalid';

/**
 * An alert as an e-mail. Its Message-ID comes from the message, so that a mail server or program recognises one that
 * arrives twice, and both messages of an episode stand in one thread. Its Date is when it is sent; the text says when it
 * happened. It is marked as automatic, so that no absence note answers it (RFC 3834).
 */
export function emailOf(message: AlertMessage, from: string): Email {
  const { id, episode, kind, headline, lines, severity } = message;
  const domain = domainOf(from);
  const thread = `<slowburn.${idPart(episode)}@${domain}>`;
  return {
    subject: printable(text('channel.email.subject', { headline })),
    text: [headline, '', ...lines, '', text('channel.email.why')].map(printable).join('\n'),
    messageId: `<slowburn.${idPart(id)}.message@${domain}>`,
    ...(kind !== 'test' && { references: thread, inReplyTo: thread }),
    headers: {
      'Auto-Submitted': 'auto-generated',
      ...(severity === 'act' && kind === 'fired' && { Importance: 'high' }),
    },
  };
}
