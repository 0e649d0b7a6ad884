// Packages of the distribution, fetched into a scratch folder and unpacked there, never installed: other programs that read the
// same driver. apt runs with its own state and cache, and with sources made from the system's own, with more sections allowed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const SECTIONS = {
  debian: 'main contrib non-free non-free-firmware',
  ubuntu: 'main restricted universe multiverse',
};
const MINUTES = 5;

/** @returns {{ id: string, codename: string }} the distribution, by /etc/os-release */
export function distributionOf(text) {
  const field = (name) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), codename: field('VERSION_CODENAME') };
}

/**
 * The distribution's own archive as the system names it: in one-line form and in the form with fields.
 * @param {string[]} texts the system's source files
 * @returns {{ uri: string, signedBy?: string } | undefined}
 */
export function archiveOf(texts, id) {
  for (const text of texts) {
    for (const part of text.split(/\n\s*\n/)) {
      const uris = [...part.matchAll(/^URIs:\s*(.+)$/gm)].flatMap((found) => found[1].trim().split(/\s+/));
      const lines = [...part.matchAll(/^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s/gm)];
      const uri = [...uris, ...lines.map((found) => found[2])].find(
        (one) => new URL(one).pathname.replace(/\/$/, '').split('/').at(-1) === id,
      );
      if (uri === undefined) continue;
      const signedBy =
        /^Signed-By:\s*(\/\S+)/m.exec(part)?.[1] ??
        lines.map((found) => /signed-by=(\S+)/.exec(found[1] ?? '')?.[1]).find(Boolean);
      return { uri, signedBy };
    }
  }
  return undefined;
}

/** One line for a private sources.list. `suites` may name others than the system's, such as `trixie`. */
export const sourceLines = ({ uri, signedBy }, suites, sections) =>
  suites.map((suite) => `deb ${signedBy ? `[signed-by=${signedBy}] ` : ''}${uri} ${suite} ${sections}\n`).join('');

function systemSources() {
  const listed = ['/etc/apt/sources.list'];
  const parts = '/etc/apt/sources.list.d';
  if (fs.existsSync(parts)) listed.push(...fs.readdirSync(parts).map((name) => path.join(parts, name)));
  return listed.filter((file) => fs.existsSync(file)).map((file) => fs.readFileSync(file, 'utf8'));
}

/** Runs apt with nothing of the system's state but its keys and its proxy settings. */
function privateApt(folder, cwd) {
  const options = {
    'Dir::State': path.join(folder, 'state'),
    'Dir::State::status': path.join(folder, 'status'),
    'Dir::Cache': path.join(folder, 'cache'),
    'Dir::Etc::sourcelist': path.join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'APT::Sandbox::User': '', // the scratch folder is this user's own
    'Acquire::Retries': '2',
  };
  const args = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (...command) => {
    const { status, stderr, error } = spawnSync('apt-get', [...args, '-qq', ...command], {
      cwd,
      encoding: 'utf8',
      timeout: MINUTES * 60_000,
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (status === 0) return undefined;
    return (error?.message ?? stderr).trim().split('\n').at(-1) || `apt-get ${command[0]} failed`;
  };
}

/**
 * Prepares apt with a separate state in a folder.
 * @returns {{ apt: ReturnType<typeof privateApt>, archives: string } | { notAvailable: string }}
 */
function prepare(folder, downloads, suites) {
  if (process.platform !== 'linux') return { notAvailable: 'not Linux' };
  for (const program of ['apt-get', 'dpkg-deb']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0)
      return { notAvailable: `${program} is not on this system` };
  }
  const { id, codename } = distributionOf(fs.readFileSync('/etc/os-release', 'utf8'));
  const archive = archiveOf(systemSources(), id);
  if (!archive || !SECTIONS[id]) return { notAvailable: `no archive of ${id || 'this distribution'} is configured` };
  for (const name of ['state/lists/partial', 'cache/archives/partial', downloads])
    fs.mkdirSync(path.resolve(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, 'status'), '');
  const lines = sourceLines(archive, suites ?? [codename], SECTIONS[id]);
  const list = path.join(folder, 'sources.list');
  const known = fs.existsSync(list) && fs.readFileSync(list, 'utf8') === lines;
  fs.writeFileSync(list, lines);
  const apt = privateApt(folder, downloads);
  const failure = known ? undefined : apt('update');
  if (failure) return forget(folder, failure);
  return { apt, archives: path.join(folder, 'cache', 'archives') };
}

/** The index is asked for again. */
function forget(folder, notAvailable) {
  fs.rmSync(path.join(folder, 'sources.list'), { force: true });
  return { notAvailable };
}

function unpack(folder, root) {
  fs.mkdirSync(root, { recursive: true });
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    const { status, stderr } = spawnSync('dpkg-deb', ['-x', path.join(folder, file), root], { encoding: 'utf8' });
    if (status !== 0) return { notAvailable: stderr.trim() };
  }
  return { root };
}

/**
 * Fetches and unpacks packages. Several calls may share a folder: the archive's index is fetched once.
 * @param {string} folder a scratch folder of the caller
 * @param {string[]} names
 * @param {string[]} [suites] undefined: the system's own release
 * @returns {{ root: string } | { notAvailable: string }} where they lie, or why they cannot be had
 */
export function fetchPackages(folder, names, suites) {
  const downloads = path.join(folder, names[0]);
  const prepared = prepare(folder, downloads, suites);
  if ('notAvailable' in prepared) return prepared;
  const failure = prepared.apt('download', ...names);
  return failure ? forget(folder, failure) : unpack(downloads, path.join(downloads, 'root'));
}

/**
 * Fetches packages with all that they need, down to the C library, so that programs of another release run: below `root`, with
 * chroot. The folder belongs to this call alone.
 */
export function fetchSystem(folder, names, suites) {
  const prepared = prepare(folder, path.join(folder, 'downloads'), suites);
  if ('notAvailable' in prepared) return prepared;
  const failure = prepared.apt('install', '-y', '--no-install-recommends', '--download-only', ...names);
  return failure ? forget(folder, failure) : unpack(prepared.archives, path.join(folder, 'root'));
}
