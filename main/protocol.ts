import fs from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { protocol } from 'electron';

/** The window's own scheme: pages come from the application's files alone, never from file:// or a network. */
export const SCHEME = 'app';
export const ORIGIN = `${SCHEME}://slowburn`;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Nothing but the application's own files runs or is shown; styles that the UI library adds carry a fresh nonce. */
const pagePolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** A report is plain markup with one style sheet inside: it can load nothing and run nothing. */
const REPORT_POLICY = `default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors ${ORIGIN}`;

const common = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Must be called before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/**
 * Serves the built pages of `folder`, and under /report the HTML that `renderReport` makes of the query.
 * Any other path, and any that leaves the folder, is not found.
 */
export function serveApp(folder: string, renderReport: (query: URLSearchParams) => Promise<string>): void {
  protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    if (url.origin !== ORIGIN && `${url.protocol}//${url.host}` !== ORIGIN) return notFound();
    if (request.method !== 'GET') return new Response(null, { status: 405 });
    if (url.pathname === '/report') {
      const body = await renderReport(url.searchParams);
      return new Response(body, {
        headers: { ...common, 'Content-Type': types['.html']!, 'Content-Security-Policy': REPORT_POLICY },
      });
    }
    try {
      const name = url.pathname === '/' ? 'index.html' : decodeURIComponent(url.pathname.slice(1));
      const file = path.resolve(folder, name);
      const type = types[path.extname(file)];
      if (!file.startsWith(folder + path.sep) || !type) return notFound();
      const content = await fs.readFile(file);
      if (!name.endsWith('.html')) {
        return new Response(new Uint8Array(content), { headers: { ...common, 'Content-Type': type } });
      }
      const nonce = randomBytes(16).toString('base64');
      return new Response(content.toString('utf8').replaceAll('__NONCE__', nonce), {
        headers: { ...common, 'Content-Type': type, 'Content-Security-Policy': pagePolicy(nonce) },
      });
    } catch {
      return notFound(); // also where the address is badly spelt
    }
  });
}

const notFound = (): Response => new Response('not found', { status: 404 });
