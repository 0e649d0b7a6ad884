import fs from 'node:fs';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emailOf } from '../../app/alerts/channels/email-text.ts';
import { openEmail } from '../../app/alerts/channels/email.node.ts';
import type { ChannelValues } from '../../app/alerts/channels/channels.ts';
import { authority, mailServer } from '../support/mail-server.ts';
import { alertMessageWith, deliverAll, sendTo } from '../support/messages.ts';

const PASSWORD = 'correct horse';

const base: ChannelValues<'email'> = {
  host: 'localhost',
  port: 0,
  security: 'STARTTLS',
  caFile: authority,
  user: '',
  fromAddress: 'Slowburn <gpu@example.org>',
  to: ['anna@example.org'],
};
const open = (change: Partial<ChannelValues<'email'>>, password?: string) =>
  openEmail({
    settings: { ...base, ...change },
    secrets: password === undefined ? {} : { password },
    dataFolder: '/nowhere',
    titleOf: () => '',
    report: () => undefined,
  });
const message = alertMessageWith('m1');

describe('an e-mail', () => {
  it('arrives over STARTTLS and over TLS, with the login, as plain text', async () => {
    const seen: unknown[] = [];
    for (const security of ['STARTTLS', 'TLS'] as const) {
      const { port, posts } = await mailServer({
        secure: security === 'TLS',
        authOptional: false,
        onAuth({ username, password }, _session, done) {
          seen.push([username, password]);
          done(null, { user: 'anna' });
        },
      });
      const channel = await open({ port, security, user: 'anna' }, PASSWORD);
      expect(await sendTo(channel, message)).toEqual({ ok: true, value: undefined });
      expect(posts).toMatchObject([{ to: ['anna@example.org'], secure: true, name: '[127.0.0.1]' }]);
      expect(posts[0]!.text).toMatch(/^Content-Type: text\/plain; charset=utf-8\r?$/m);
    }
    expect(seen).toEqual([
      ['anna', PASSWORD],
      ['anna', PASSWORD],
    ]);
  });

  it('has a subject, the same id at each attempt, the time of sending as its date, and no word of this computer', async () => {
    const { port, posts } = await mailServer();
    const channel = await open({ port });
    const before = Math.floor(Date.now() / 1000) * 1000;
    await sendTo(channel, message);
    await sendTo(channel, message);
    const field = (text: string, name: string) => new RegExp(`^${name}: (.*?)\r?$`, 'mi').exec(text)?.[1];
    expect(posts.map(({ text }) => field(text, 'Message-ID'))).toEqual(
      Array.from({ length: 2 }, () => '<slowburn.m1.message@example.org>'),
    );
    const { text } = posts[0]!;
    expect(Date.parse(field(text, 'Date')!)).toBeGreaterThanOrEqual(before);
    expect(field(text, 'Auto-Submitted')).toBe('auto-generated');
    const subject = /^Subject: (.*(?:\r\n .*)*)/m.exec(text)![1]!.replace(/=\?UTF-8\?Q\?|\?=|\r\n /g, '');
    expect(
      subject
        .replaceAll('_', ' ')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    ).toContain('Slowburn: RTX 3090 (GPU 0): Core');
    expect(text).toContain('1 March 2026, 12:00');
    for (const word of [process.cwd(), process.env['HOME'] ?? '/root', fs.readFileSync('/etc/hostname', 'utf8').trim()])
      expect(text).not.toContain(word);
  });

  it('cannot be steered by the name of a card', async () => {
    const { port, posts } = await mailServer();
    const channel = await open({ port });
    const headline = 'Card\r\nBcc: eve@example.org\r\n\r\nforged';
    expect((await sendTo(channel, alertMessageWith('m2', { headline }))).ok).toBe(true);
    expect(posts[0]!.to).toEqual(['anna@example.org']);
    expect(posts[0]!.text).not.toMatch(/^(Bcc|forged)/m);
    expect(emailOf(alertMessageWith('a b\r\n<c>'), 'x').messageId).toBe('<slowburn.a_b___c_.message@slowburn.invalid>');
  });

  it('stands in one thread with the message that the alert is over', () => {
    const [fired, cleared] = [
      emailOf(message, 'a@b.org'),
      emailOf({ ...message, id: 'm9', kind: 'cleared' }, 'a@b.org'),
    ];
    expect(fired.references).toBe(cleared.references);
    expect(fired.messageId).not.toBe(cleared.messageId);
    expect(emailOf({ ...message, kind: 'test' }, 'a@b.org').references).toBeUndefined();
  });
});

describe('a mail server that does not take a message', () => {
  const failure = async (change: Partial<ChannelValues<'email'>>, password?: string) => {
    const result = await sendTo(await open(change, password), message);
    if (result.ok) throw new Error('it was sent');
    const words = `${result.error.message} ${result.error.next ?? ''}`;
    expect(words).not.toMatch(/anna|example\.org|horse|OpenSSL|refused, for/);
    return [result.error.message, 'rejected' in result];
  };

  it('with a wrong password is reported, and the message is not given up', async () => {
    const { port } = await mailServer({
      authOptional: false,
      onAuth: (_login, _session, done) => done(new Error('no such user anna')),
    });
    expect(await failure({ port, user: 'anna' }, PASSWORD)).toEqual([
      'The mail server localhost refused the user name or the password.',
      false,
    ]);
    expect(await failure({ port })).toEqual(['The mail server localhost accepts no message without a login.', false]);
  });

  it('with an unknown name, a closed port, a false certificate or the wrong encryption is reported', async () => {
    const { port } = await mailServer();
    const plain = await mailServer({ disabledCommands: ['STARTTLS'] });
    expect(await failure({ host: 'mail.invalid', port: 25 })).toEqual([
      'The mail server mail.invalid was not found.',
      false,
    ]);
    const free = await mailServer();
    await free.close();
    expect(await failure({ port: free.port })).toEqual([
      `The mail server localhost:${free.port} cannot be reached.`,
      false,
    ]);
    expect(await failure({ port, caFile: '' })).toEqual([
      'The certificate of the mail server localhost is not trusted.',
      false,
    ]);
    expect(await failure({ port, host: '127.0.0.1' })).toEqual([
      'The certificate of the mail server 127.0.0.1 is not trusted.',
      false,
    ]);
    expect(await failure({ port: plain.port })).toEqual([
      `The mail server localhost:${plain.port} does not offer STARTTLS.`,
      false,
    ]);
    expect(await failure({ port: plain.port, security: 'TLS' })).toEqual([
      `The mail server localhost:${plain.port} does not speak TLS on this port.`,
      false,
    ]);
  });

  it('that hangs is given up when the recorder says so', async () => {
    const held: net.Socket[] = [];
    const server = net.createServer((socket) => held.push(socket));
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    onTestFinished(() => {
      held.forEach((socket) => socket.destroy());
      server.close();
    });
    const channel = await open({ port: (server.address() as net.AddressInfo).port });
    const stopping = new AbortController();
    const sending = channel.send(message, stopping.signal);
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stopping.abort();
    expect(await sending).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('sends nothing without TLS to another computer', async () => {
    const { port, posts } = await mailServer({ disabledCommands: ['STARTTLS'] });
    expect((await sendTo(await open({ port, security: 'none' }), message)).ok).toBe(true);
    expect(posts[0]!.secure).toBe(false);
    for (const host of ['mail.example.org', '192.168.1.2', '127.0.0.1.example.org'])
      expect(await failure({ host, security: 'none' })).toEqual([
        'Without TLS, e-mail is sent only to a mail server on this computer.',
        false,
      ]);
  });

  it('is asked again after a temporary refusal, and not after a final one', async () => {
    const codes = [450, 554];
    const { port, posts } = await mailServer({ data: () => codes.shift() });
    expect(await failure({ port })).toEqual(['The mail server refused the message (SMTP 450).', false]);
    expect(await failure({ port })).toEqual(['The mail server refused the message (SMTP 554).', true]);
    const channel = await open({ port });
    expect(await deliverAll(channel, [message])).toEqual([]);
    expect(posts.length).toBe(1);
  });
});

describe('several recipients', () => {
  it('get a message once each, although one of them is refused for a while', async () => {
    let busy = 2;
    const { port, posts } = await mailServer({
      recipient: (address) => (address.startsWith('ben') && busy-- > 0 ? 451 : undefined),
    });
    const channel = await open({ port, to: ['anna@example.org', 'Ben <ben@example.org>', 'cem@example.org'] });
    expect(await deliverAll(channel, [message])).toEqual([]);
    expect(posts.map(({ to }) => to)).toEqual([['anna@example.org', 'cem@example.org'], ['ben@example.org']]);
    expect(new Set(posts.map(({ text }) => /^Message-ID: .*$/m.exec(text)![0])).size).toBe(1);
  });

  it('get it although one of them does not exist, which is reported', async () => {
    const { port, posts } = await mailServer({
      recipient: (address) => (address.startsWith('ben') ? 550 : undefined),
    });
    const channel = await open({ port, to: ['anna@example.org', 'ben@example.org'] });
    const result = await sendTo(channel, message);
    expect(result).toMatchObject({ ok: false, rejected: true, error: { code: 'forbidden' } });
    await sendTo(channel, message); // a further attempt reaches no recipient twice
    expect(posts.map(({ to }) => to)).toEqual([['anna@example.org']]);
  });
});

describe('a mail server that comes and goes', () => {
  it('has every message in the end, once and in order', async () => {
    const first = await mailServer();
    const channel = await open({ port: first.port });
    const messages = Array.from({ length: 12 }, (_, i) => alertMessageWith(`m${i}`));
    const done = deliverAll(channel, messages);
    while (first.posts.length < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    await first.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await mailServer({ port: first.port });
    expect(await done).toEqual([]);
    const ids = [...first.posts, ...second.posts].map(({ text }) => /^Message-ID: <slowburn\.(\w+)/m.exec(text)![1]);
    expect(ids).toEqual(messages.map(({ id }) => id));
  });
});
