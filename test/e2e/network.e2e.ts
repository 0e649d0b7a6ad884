import dgram from 'node:dgram';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { watchSockets, type OutgoingSocket } from '../support/sockets.ts';
import { tryEveryWayOut } from '../support/ways-out.ts';
import { expect, test } from './app.ts';

/** Real listeners on every address of this machine. They count what arrives. */
async function listen() {
  let [connections, packets] = [0, 0];
  const tcp = net.createServer((socket) => {
    connections++;
    socket.destroy();
  });
  const udp = dgram.createSocket('udp4', () => packets++);
  tcp.listen(0, '0.0.0.0');
  udp.bind(0, '0.0.0.0');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
  const [tcpPort, udpPort] = [(tcp.address() as AddressInfo).port, udp.address().port];
  const cards = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return {
    hosts: [
      '127.0.0.1',
      ...cards.filter(({ family, internal }) => family === 'IPv4' && !internal).map((c) => c.address),
    ],
    tcpPort,
    udpPort,
    arrived: () => ({ connections, packets }),
    /** the listeners hear what does arrive: a connection and a packet of the test itself */
    async knock() {
      const knocking = net.connect(tcpPort, '127.0.0.1');
      const sender = dgram.createSocket('udp4');
      sender.send('knock', udpPort, '127.0.0.1');
      await Promise.all([once(knocking, 'close'), once(udp, 'message')]);
      sender.close();
    },
    close() {
      tcp.close();
      udp.close();
    },
  };
}

/** Lifts the page's own policy, as if a page had found its way around it. */
async function withoutPolicy(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setBypassCSP', { enabled: true });
  await page.reload();
}

const ANY = ['0.0.0.0:0', `${'0'.repeat(32)}:0`];

/**
 * What the kernel showed of the application's sockets that could have carried something. WebRTC still binds UDP sockets,
 * and sends nothing through them: Chromium's log tells.
 */
const carrying = (sockets: readonly OutgoingSocket[]): OutgoingSocket[] =>
  sockets.filter(({ protocol, local, remote }) =>
    protocol.startsWith('tcp') ? !ANY.includes(remote) : [local, remote].some((address) => /:(53|5353)$/.test(address)),
  );

/** What Chromium's own log says that it sent: connections, and packets. */
function sentBy(netLog: string): string[] {
  const { constants, events } = JSON.parse(fs.readFileSync(netLog, 'utf8')) as {
    constants: { logEventTypes: Record<string, number> };
    events: { type: number; params?: { address?: string } }[];
  };
  const { TCP_CONNECT_ATTEMPT, UDP_BYTES_SENT } = constants.logEventTypes;
  expect([TCP_CONNECT_ATTEMPT, UDP_BYTES_SENT]).not.toContain(undefined);
  return events.flatMap(({ type, params }) => {
    if (type === UDP_BYTES_SENT) return ['a packet'];
    return type === TCP_CONNECT_ATTEMPT && params?.address ? [params.address] : [];
  });
}

/** Three observers: listeners, the kernel's tables of sockets, and Chromium's own log. */
async function expectNothingLeaves(page: Page, pid: number, close: () => Promise<void>, netLog: string): Promise<void> {
  const outside = await listen();
  try {
    const { hosts, tcpPort, udpPort } = outside;
    const stop = watchSockets(pid);
    const tried = await page.evaluate(tryEveryWayOut, { hosts, tcpPort, udpPort });
    const seen = carrying(stop());
    expect(tried.length).toBeGreaterThan(50);
    expect({ ...outside.arrived(), seen }).toEqual({ connections: 0, packets: 0, seen: [] });
    await outside.knock();
    expect(outside.arrived()).toEqual({ connections: 1, packets: 1 });
    await close();
    expect(sentBy(netLog)).toEqual([]);
  } finally {
    outside.close();
  }
}

for (const policy of ['its policy in force', 'no policy'] as const) {
  test(`a page with ${policy} opens no connection, whatever it tries`, async ({ slowburn }) => {
    test.slow(); // some ways out are tried again by the browser for a while
    const netLog = path.join(slowburn.dataFolder, 'net.json');
    const { app, page } = await slowburn.launch('--source', 'simulator', `--log-net-log=${netLog}`);
    if (policy === 'no policy') await withoutPolicy(page);
    await expectNothingLeaves(page, app.process().pid!, () => app.close(), netLog);
  });
}

test('the page of the stress test opens no connection, whatever it tries', async ({ slowburn }) => {
  const netLog = path.join(slowburn.dataFolder, 'net.json');
  const checkout = path.resolve(import.meta.dirname, '../..');
  const child = spawn(
    createRequire(import.meta.url)('electron') as string,
    [
      ...[checkout, '--burn=software', '--data-dir', slowburn.dataFolder, '--log-level=3'],
      ...['--remote-debugging-port=0', `--log-net-log=${netLog}`],
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] }, // it ends with its input
  );
  const ended = once(child, 'exit');
  try {
    const browser = await chromium.connectOverCDP(await debuggerOf(child.stderr));
    const page = browser.contexts()[0]!.pages()[0]!;
    await withoutPolicy(page);
    const close = async (): Promise<void> => {
      child.stdin.end();
      await ended;
    };
    await expectNothingLeaves(page, child.pid!, close, netLog);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});

/** Where a process says that its debugger listens. */
const debuggerOf = (stderr: NodeJS.ReadableStream): Promise<string> =>
  new Promise((resolve) => {
    let said = '';
    stderr.on('data', (text) => {
      said += String(text);
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]!);
    });
  });

test('every session has a proxy that refuses, and every page keeps WebRTC off the network', async ({ slowburn }) => {
  const { app } = await slowburn.launch('--source', 'simulator');
  const found = await app.evaluate(async ({ BrowserWindow, session, webContents }) => {
    const other = session.fromPartition('another');
    new BrowserWindow({ show: false, webPreferences: { session: other, sandbox: true } });
    await new Promise((resolve) => setTimeout(resolve, 200)); // its settings travel to the network service
    const addresses = ['http://127.0.0.1:80/', 'http://localhost/', 'https://example.com/', 'ws://[::1]:8188/'];
    return {
      proxies: await Promise.all(
        [session.defaultSession, other].flatMap((one) => addresses.map((address) => one.resolveProxy(address))),
      ),
      policies: webContents.getAllWebContents().map((contents) => contents.getWebRTCIPHandlingPolicy()),
    };
  });
  expect(new Set(found.proxies)).toEqual(new Set(['SOCKS5 127.0.0.1:9']));
  expect(found.policies.length).toBeGreaterThan(1);
  expect(new Set(found.policies)).toEqual(new Set(['disable_non_proxied_udp']));
});

test('a page cannot save a file', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  const downloads = await app.evaluateHandle(({ session }) => {
    const states: string[] = [];
    session.defaultSession.on('will-download', (event, item) => {
      item.on('done', (_event, state) => states.push(state));
      setTimeout(() => states.push(event.defaultPrevented ? 'refused' : 'allowed'), 0);
    });
    return states;
  });
  await page.evaluate(() => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(['x']));
    link.download = 'slowburn-download.txt';
    link.click();
  });
  await expect.poll(() => downloads.jsonValue()).toContain('refused');
});
