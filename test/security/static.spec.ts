import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf } from '../support/rooms.ts';

const read = (folder: string): [string, string][] =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|html|css)$/.test(name))
    .map((name) => [path.join(folder, name), fs.readFileSync(path.join(folder, name), 'utf8')]);

const shipped = [...read('app'), ...read('cli'), ...read('main'), ...read('renderer')];
const offending = (pattern: RegExp): string[] => shipped.filter(([, text]) => pattern.test(text)).map(([file]) => file);

describe('Electron’s security checklist, in the source', () => {
  it('turns no protection off', () => {
    expect(
      offending(
        /nodeIntegration\w*: true|contextIsolation: false|sandbox: false|webSecurity: false|allowRunningInsecureContent|webviewTag: true|enableRemoteModule|no-sandbox|ignore-certificate-errors/,
      ),
    ).toEqual([]);
  });

  it('evaluates no text as code', () => {
    expect(offending(/\beval\(|new Function\(|dangerouslySetInnerHTML|\.innerHTML\b|executeJavaScript/)).toEqual([]);
  });

  it('uses no synchronous and no direct channel to main', () => {
    expect(offending(/sendSync|ipcRenderer\.(send|sendTo|postMessage)\b|@electron\/remote/)).toEqual([]);
  });

  /** The only files that may use the network or sockets, and what they use them for. */
  const mayUseTheNetwork = {
    'app/alerts/channels/email.node.ts': 'sends alerts through the mail server that the user set, if it is on',
    'app/alerts/channels/http.node.ts': 'sends alerts to the addresses that the user set, by channels that are on',
    'app/alerts/mqtt/link.node.ts': 'publishes to the broker that the user set, if it is on',
    'app/recorder/driver-lock.node.ts': 'finds the other recorders of this machine, by a local name',
    'app/recorder/socket/link.node.ts': 'connects to a recorder’s socket, which is a file of this machine',
    'app/recorder/socket/server.node.ts': 'listens on that file',
    'app/workload/adapters/loopback.node.ts': 'asks programs on this computer what they produced',
    'app/workload/meter/passage.node.ts': 'passes requests of `slowburn meter` on to the server that the user named',
    'app/workload/meter/proxy.node.ts': 'listens for these requests',
    'main/dbus/session-bus.ts': 'talks to the desktop’s notification server and tray by a socket file of this session',
  };

  it('uses the network and sockets in a few files only', () => {
    const module = /^(?:node:)?(?:http|https|http2|net|dgram|tls|dns|nodemailer|mqtt)(?:\/|$)/;
    const importing = shipped
      .filter(([, text]) => /['"](?:node:)?(?:http|https|http2|net|dgram|tls|dns|nodemailer|mqtt)['"/]/.test(text)) // the others need no parsing
      .filter(([file, text]) => importsOf(file, text).some(({ name, typeOnly }) => !typeOnly && module.test(name)))
      .map(([file]) => file);
    const asking = offending(/\bfetch\(|XMLHttpRequest|\bWebSocket\(|EventSource\(|sendBeacon|\bnet\.request\b/);
    expect([...new Set([...importing, ...asking])].sort()).toEqual(Object.keys(mayUseTheNetwork));
  });

  it('hides no mistake in an empty catch', () => {
    expect(offending(/catch(?:\s*\([^)]*\))?\s*\{\s*\}/)).toEqual([]);
  });

  it('asks for no page from outside', () => {
    const addresses = shipped.flatMap(([file, text]) =>
      [...text.matchAll(/https?:\/\/(?!\{\{|127\.0\.0\.1:)[^\s'"`)]+/g)].map(([address]) => `${file}: ${address}`),
    );
    // servers of channels, which nothing asks before the user switches them on; names of formats, which nothing fetches
    expect(addresses).toEqual([
      'app/alerts/channels/channels.ts: https://api.telegram.org',
      'app/alerts/channels/channels.ts: https://ntfy.sh',
      'cli/service/launchd-agent.ts: http://www.apple.com/DTDs/PropertyList-1.0.dtd',
      'cli/service/windows-task.ts: http://schemas.microsoft.com/windows/2004/02/mit/task',
    ]);
  });
});
