import net from 'node:net';
import path from 'node:path';

const PATIENCE_MS = 2000;

function answers(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Where an X server listens: `:1` is a socket of this machine, `host:10.0` a port, as ssh forwards it. */
function xAddress(display) {
  const found = /^([^:]*):(\d+)(?:\.\d+)?$/.exec(display);
  if (!found) return undefined;
  const [, host, number] = found;
  return host === '' || host === 'unix' ? { path: `/tmp/.X11-unix/X${number}` } : { host, port: 6000 + Number(number) };
}

/**
 * The display that a window would open on. Chromium dies without a word where the variable names a display that is not
 * there (a left session, a dropped ssh), so it is asked first.
 * @returns {Promise<{ there: true, wayland: boolean } | { there: false, why: string }>}
 */
export async function findDisplay(env = process.env) {
  if (process.platform !== 'linux') return { there: true, wayland: false };
  const { DISPLAY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR = '' } = env;
  if (DISPLAY) {
    const address = xAddress(DISPLAY);
    if (address && (await answers(address))) return { there: true, wayland: false };
  }
  if (WAYLAND_DISPLAY && (await answers({ path: path.resolve(XDG_RUNTIME_DIR, WAYLAND_DISPLAY) })))
    return { there: true, wayland: true };
  const named = DISPLAY || WAYLAND_DISPLAY;
  return { there: false, why: named ? `The display ${named} does not answer` : 'No display' };
}
