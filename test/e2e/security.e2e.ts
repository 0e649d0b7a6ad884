import fs from 'node:fs';
import { expect, test } from './app.ts';

type Answer = { readonly ok: boolean; readonly error?: { readonly code: string } };

test('gives a page nothing of Node or Electron', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  const reachable = await page.evaluate(() =>
    ['require', 'process', 'module', 'global', 'Buffer', 'electron', 'ipcRenderer'].filter((name) => name in window),
  );
  expect(reachable).toEqual([]);
  expect(await page.evaluate(() => Object.keys(window.slowburn))).toEqual(['ask', 'onPush']);
});

test('runs the page in Chromium’s sandbox', async ({ slowburn }) => {
  const { app } = await slowburn.launch('--source', 'simulator');
  const processes = await app.evaluate(({ app: electron }) =>
    electron.getAppMetrics().map(({ pid, type, sandboxed }) => ({ pid, type, sandboxed })),
  );
  const renderers = processes.filter(({ type }) => type === 'Tab');
  expect(renderers.length).toBeGreaterThan(0);
  for (const { pid } of renderers) {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^Seccomp:\t2$/m); // system calls are filtered
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  }
});

test('draws with the processor and holds no graphics device open', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  const status = await app.evaluate(({ app: electron }) => electron.getGPUFeatureStatus());
  expect(status.gpu_compositing).toMatch(/^disabled/);
  const pids = await app.evaluate(({ app: electron }) => electron.getAppMetrics().map(({ pid }) => pid));
  for (const pid of pids) {
    const open = fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [fs.readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return []; // closed meanwhile
      }
    });
    expect(open.filter((file) => /^\/dev\/(nvidia|dri)/.test(file))).toEqual([]);
    expect(fs.readFileSync(`/proc/${pid}/maps`, 'utf8')).not.toMatch(/nvidia/i);
  }
});

test('runs no text as code and loads nothing from outside', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  const tried = await page.evaluate(async () => {
    const attempt = async (work: () => unknown): Promise<string> => {
      try {
        await work();
        return 'worked';
      } catch (error) {
        return (error as Error).name;
      }
    };
    const later = (work: () => unknown): Promise<string> =>
      new Promise((resolve) => setTimeout(() => resolve(attempt(work)), 0));
    const violations: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
    const inline = document.createElement('script');
    inline.textContent = 'window.hacked = true';
    document.head.append(inline);
    const image = new Image();
    image.src = 'https://example.com/pixel.png';
    document.body.append(image);
    const results = {
      // in a separate task: what a debugger evaluates is exempt from the page's policy
      eval: await later(() => (0, eval)('1 + 1')),
      function: await later(() => Reflect.construct(Function, ['return 1'])),
      fetch: await attempt(() => fetch('https://example.com/')),
      file: await attempt(() => fetch('file:///etc/passwd')),
      socket: await attempt(
        () =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket('wss://example.com');
            socket.onopen = resolve;
            socket.onerror = () => reject(new TypeError('refused'));
          }),
      ),
    };
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { ...results, hacked: 'hacked' in window, violations };
  });
  expect(tried).toMatchObject({
    eval: 'EvalError',
    function: 'EvalError',
    fetch: 'TypeError',
    file: 'TypeError',
    hacked: false,
  });
  expect(tried.socket).not.toBe('worked');
  expect(tried.violations.some((directive) => directive.startsWith('script-src'))).toBe(true);
  expect(tried.violations.some((directive) => directive.startsWith('img-src'))).toBe(true);
});

test('lets the page go nowhere, open nothing and ask for no permission', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  const address = page.url();
  const opened = await page.evaluate(() => window.open('https://example.com/') === null);
  expect(opened).toBe(true);
  await page.evaluate(() => location.assign('https://example.com/'));
  await page.waitForTimeout(500);
  expect(page.url()).toBe(address);
  expect(app.windows()).toHaveLength(1);
  const permissions = await page.evaluate(async () => {
    const state = async (name: string) => (await navigator.permissions.query({ name: name as PermissionName })).state;
    return [await state('geolocation'), await state('notifications'), await state('camera')];
  });
  expect(permissions).toEqual(['denied', 'denied', 'denied']);
});

test('serves its own files alone', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  const statuses = await page.evaluate(async () => {
    const status = async (url: string) => {
      try {
        return (await fetch(url)).status;
      } catch {
        return 'refused';
      }
    };
    return Promise.all(
      [
        '/index.html',
        '/../main/index.js',
        '/%2e%2e/main/index.js',
        '/..%2f..%2fpackage.json',
        '/%2fetc%2fpasswd',
        '/%E0%A4%A',
        '/nothing.html',
        'app://other/index.html',
      ].map(status),
    );
  });
  expect(statuses).toEqual([200, 404, 404, 404, 404, 404, 404, 'refused']);
});

test('answers questions of the application’s own page alone, and only those of the table', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  const ask = (channel: unknown, payload?: unknown) =>
    page.evaluate(([name, asked]) => window.slowburn.ask(name as string, asked), [channel, payload]) as Promise<Answer>;
  expect(await ask('settings.get')).toMatchObject({ ok: true });
  for (const name of ['report.make', '__proto__', 'constructor', 'toString', '', 'nothing', null, {}, 42]) {
    expect(await ask(name, { path: '/tmp/owned', format: 'html' }), JSON.stringify(name)).toMatchObject({
      ok: false,
      error: { code: 'invalid-request' },
    });
  }
  expect(await ask('settings.set', { intervalMs: 0 })).toMatchObject({ ok: false, error: { code: 'invalid-request' } });

  // a frame inside our own window, even of our own origin, is not our page
  const framed = await page
    .evaluate(async () => {
      const frame = document.createElement('iframe');
      frame.src = '/report?gpu=none&from=0&to=1';
      document.body.append(frame);
      await new Promise((resolve) => (frame.onload = resolve));
      return 'slowburn' in (frame.contentWindow ?? {});
    })
    .catch(() => false);
  expect(framed).toBe(false);

  // another window with the same preload is not our window
  const foreign = await app.evaluate(async ({ app: electron, BrowserWindow }) => {
    const [own] = BrowserWindow.getAllWindows();
    const preload = `${electron.getAppPath()}/out/preload/preload.cjs`;
    const other = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
    await other.loadURL(own!.webContents.getURL());
    const answer = (await other.webContents.executeJavaScript('window.slowburn.ask("settings.get")')) as Answer;
    other.destroy();
    return answer;
  });
  expect(foreign).toMatchObject({ ok: false, error: { code: 'forbidden' } });
});
