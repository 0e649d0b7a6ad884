import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

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

  it('sends nothing but what a person asked for: one bounded reader of loopback, and the proxy they start', () => {
    // `import type` opens nothing
    const clients =
      /\bfetch\(|XMLHttpRequest|WebSocket\(|^import (?!type )[^;]*node:(http|https|net|dgram|tls)\b|sendBeacon/m;
    expect(offending(clients).sort()).toEqual([
      'app/workload/adapters/loopback.node.ts',
      'app/workload/meter/passage.node.ts',
      'app/workload/meter/proxy.node.ts',
    ]);
  });

  it('hides no mistake in an empty catch', () => {
    expect(offending(/catch(?:\s*\([^)]*\))?\s*\{\s*\}/)).toEqual([]);
  });

  it('asks for no page from outside', () => {
    const addresses = shipped.flatMap(([file, text]) =>
      [...text.matchAll(/https?:\/\/(?!\{\{)[^\s'"`)]+/g)].map(([address]) => `${file}: ${address}`),
    );
    expect(addresses).toEqual([]);
  });
});
