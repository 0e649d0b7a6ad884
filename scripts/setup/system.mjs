// System libraries and tools that npm cannot bring. As root on Debian and its kin they are installed; otherwise the one
// command to run is printed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { say, SetupError } from './console.mjs';
import { run } from './process.mjs';

// Newer Debian and Ubuntu renamed some libraries (suffix t64): the first name that apt knows is taken.
const PACKAGES = {
  window: {
    apt: [['libgtk-3-0t64', 'libgtk-3-0'], ['libnss3'], ['libgbm1'], ['libasound2t64', 'libasound2'], ['libnotify4']],
    dnf: ['gtk3', 'nss', 'mesa-libgbm', 'alsa-lib', 'libnotify'],
    pacman: ['gtk3', 'nss', 'mesa', 'alsa-lib', 'libnotify'],
  },
  compiler: { apt: [['g++']], dnf: ['gcc-c++'], pacman: ['gcc'] },
  display: {
    apt: [['xvfb'], ['xauth']],
    dnf: ['xorg-x11-server-Xvfb', 'xauth'],
    pacman: ['xorg-server-xvfb', 'xorg-xauth'],
  },
  bus: { apt: [['dbus-daemon', 'dbus']], dnf: ['dbus-daemon'], pacman: ['dbus'] },
};

const onPath = (program) =>
  (process.env.PATH ?? '').split(':').some((dir) => dir && fs.existsSync(`${dir}/${program}`));

function aptNames(groups) {
  return groups.map(
    (names) =>
      names.find((name) => spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0) ?? names.at(-1),
  );
}

function installCommand(kind) {
  const wanted = PACKAGES[kind];
  if (onPath('apt-get')) return `sudo apt-get install -y ${aptNames(wanted.apt).join(' ')}`;
  if (onPath('dnf')) return `sudo dnf install -y ${wanted.dnf.join(' ')}`;
  if (onPath('pacman')) return `sudo pacman -S --needed ${wanted.pacman.join(' ')}`;
  return undefined;
}

async function install(kind, why) {
  const command = installCommand(kind);
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    throw new SetupError(why, command ? `Run: ${command}` : 'Install it with the package manager of this system.');
  }
  say(`Installing system packages: ${why}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  const { code, output } = await run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...aptNames(PACKAGES[kind].apt)],
    { env },
  );
  if (code !== 0) throw new SetupError(`apt-get could not install what is missing (${why}):\n${output.trim()}`);
}

/** Ensures gcc and g++. */
export async function ensureCompiler() {
  if (!onPath('g++') || !onPath('gcc')) await install('compiler', 'A C++ compiler (g++) is needed to compile SQLite.');
}

/** Ensures a virtual display server (Xvfb), for tests where no display is there. */
export async function ensureVirtualDisplay() {
  if (!onPath('Xvfb') || !onPath('xauth'))
    await install('display', 'A virtual display (Xvfb) is needed for window tests.');
}

/** Ensures dbus-daemon, for tests of the tray and of notifications on a bus of their own. */
export async function ensureSessionBus() {
  if (process.platform === 'linux' && !onPath('dbus-daemon')) await install('bus', 'dbus-daemon is needed for tests.');
}

/** Ensures that every shared library of the Electron executable can be found (Linux only). */
export async function ensureWindowLibraries(executable) {
  if (process.platform !== 'linux') return;
  const missing = () =>
    [...(spawnSync('ldd', [executable], { encoding: 'utf8' }).stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map(
      (m) => m[1],
    );
  const before = missing();
  if (before.length === 0) return;
  await install('window', `System libraries for the window are missing: ${before.join(', ')}.`);
  const after = missing();
  if (after.length > 0)
    throw new SetupError(`System libraries are still missing after installing: ${after.join(', ')}.`);
}
