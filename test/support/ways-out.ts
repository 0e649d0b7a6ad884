/// <reference lib="dom" />

/** Where the ways out lead to: listeners of the test. */
export type Outside = {
  /** addresses of this machine: loopback, and those of its network cards */
  readonly hosts: readonly string[];
  readonly tcpPort: number;
  readonly udpPort: number;
};

/**
 * Runs in a page: tries every interface that can open a connection, and every element, header and rule that makes the
 * browser open one. Answers what it could try. It stands alone, because it is sent to the page as text.
 */
export async function tryEveryWayOut({ hosts, tcpPort, udpPort }: Outside): Promise<string[]> {
  const tried: string[] = [];
  let next = 0;
  const http = (): string => `http://${hosts[next++ % hosts.length]}:${tcpPort}/${next}`;
  const attempt = (name: string, work: () => unknown): void => {
    tried.push(name);
    try {
      // a refusal is what is hoped for
      Promise.resolve(work()).catch(() => undefined);
    } catch {
      return;
    }
  };
  const element = (name: string, attributes: Record<string, string>, text = ''): HTMLElement => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    document.body.append(made);
    return made;
  };

  attempt('fetch', () => fetch(http(), { mode: 'no-cors' }));
  attempt('fetch that outlives the page', () => fetch(http(), { mode: 'no-cors', keepalive: true, method: 'POST' }));
  attempt('XMLHttpRequest', () => {
    const request = new XMLHttpRequest();
    request.open('GET', http());
    request.send();
  });
  attempt('WebSocket', () => new WebSocket(http().replace('http', 'ws')));
  attempt('EventSource', () => new EventSource(http()));
  attempt('sendBeacon', () => navigator.sendBeacon(http(), 'x'));
  attempt('WebTransport', () => new WebTransport(http().replace('http', 'https')).ready);
  attempt('import()', () => import(/* @vite-ignore */ http()));
  attempt('FontFace', () => new FontFace('outside', `url(${http()})`).load());
  attempt('Image', () => (new Image().src = http()));
  attempt('Audio', () => new Audio(http()).play());
  attempt('Worker', () => new Worker(http()));
  attempt('SharedWorker', () => new SharedWorker(http()));
  attempt('service worker', () => navigator.serviceWorker.register(http()));
  attempt('importScripts in a worker', () => {
    const script = `try { importScripts('${http()}') } catch {} ; fetch('${http()}', { mode: 'no-cors' }).catch(() => 0)`;
    return new Worker(URL.createObjectURL(new Blob([script])));
  });
  attempt('a style sheet', () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      `body { background-image: url(${http()}); cursor: url(${http()}), auto }` +
        `@font-face { font-family: away; src: url(${http()}) } body { font-family: away }`,
    );
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  });
  for (const rel of [
    ...['prefetch', 'preconnect', 'dns-prefetch', 'preload', 'modulepreload', 'prerender', 'stylesheet', 'icon'],
    ...['manifest', 'next'],
  ]) {
    attempt(`link ${rel}`, () => element('link', { rel, href: http(), as: 'script' }));
    attempt(`link ${rel} by name`, () => element('link', { rel, href: `http://${rel}.slowburn.example/` }));
  }
  for (const name of ['script', 'iframe', 'img', 'embed', 'video', 'audio', 'frame'])
    attempt(name, () => element(name, { src: http(), autoplay: '', loading: 'eager' }));
  attempt('object', () => element('object', { data: http() }));
  attempt('video poster', () => element('video', { poster: http() }));
  attempt('image button', () => element('input', { type: 'image', src: http() }));
  attempt('srcset', () => element('img', { srcset: `${http()} 1x` }));
  attempt('svg', () => {
    const image = document.createElementNS('http://www.w3.org/2000/svg', 'image');
    image.setAttribute('href', http());
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.append(image);
    document.body.append(svg);
  });
  attempt('iframe srcdoc', () =>
    element('iframe', { srcdoc: `<img src="${http()}"><meta http-equiv="refresh" content="0;url=${http()}">` }),
  );
  attempt('speculation rules', () => {
    const rules = { prefetch: [{ urls: [http()] }], prerender: [{ urls: [http()] }] };
    element('script', { type: 'speculationrules' }, JSON.stringify(rules));
  });
  attempt('inline style', () => element('style', {}, `@import url(${http()}); body { list-style: url(${http()}) }`));
  attempt('form', () => {
    const target = element('iframe', { name: 'form-target' });
    (element('form', { action: http(), method: 'post', target: 'form-target' }) as HTMLFormElement).submit();
    return target;
  });
  attempt('form of the page', () => (element('form', { action: http() }) as HTMLFormElement).submit());
  attempt('window.open', () => window.open(http()));
  attempt('download', () => element('a', { href: http(), download: 'x' }).click());
  attempt('download from a blob', () =>
    element('a', { href: URL.createObjectURL(new Blob(['x'])), download: 'slowburn-download.txt' }).click(),
  );
  attempt('ping', () => element('a', { href: '#', ping: http() }).click());
  attempt('new window link', () => element('a', { href: http(), target: '_blank' }).click());
  attempt('location', () => location.assign(http()));

  attempt('WebRTC', async () => {
    const servers = hosts.flatMap((host) => [
      { urls: `stun:${host}:${udpPort}` },
      { urls: `turn:${host}:${udpPort}?transport=udp`, username: 'u', credential: 'c' },
      { urls: `turn:${host}:${tcpPort}?transport=tcp`, username: 'u', credential: 'c' },
      { urls: `turns:${host}:${tcpPort}?transport=tcp`, username: 'u', credential: 'c' },
    ]);
    const [one, other] = [new RTCPeerConnection({ iceServers: servers }), new RTCPeerConnection()];
    one.createDataChannel('out');
    await one.setLocalDescription(await one.createOffer());
    await other.setRemoteDescription(one.localDescription!);
    await other.setLocalDescription(await other.createAnswer());
    await one.setRemoteDescription(other.localDescription!);
    for (const host of [...hosts, 'webrtc.slowburn.example']) {
      for (const candidate of [
        `candidate:1 1 udp 2122260223 ${host} ${udpPort} typ host`,
        `candidate:2 1 tcp 1518280447 ${host} ${tcpPort} typ host tcptype passive`,
      ])
        await one.addIceCandidate({ candidate, sdpMid: '0' }).catch(() => undefined);
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 4000)); // a refused connection is tried again after a while
  return tried;
}
