/** Of a text that another program chose, only this many characters are read. Program, script and model come first. */
export const MATCHED = 4096;

/** How a process was started, as far as that tells which program it is. Names are plain (`plainName`). */
export type Invocation = {
  /** the executable, or the script that an interpreter runs. Empty for `python -m` and `python -c`. */
  readonly file: string;
  /** nearest folder of that file that is not one that many programs have, as `bin` */
  readonly folder: string;
  /** folders of the executable itself, outermost first */
  readonly programFolders: readonly string[];
  /** the module that `python -m` runs, in lower case */
  readonly module?: string;
  /** what follows the program or script */
  readonly options: readonly string[];
};

/** Programs that run the file or module that their arguments name. */
const INTERPRETER = /^(python[\d.]*w?|pypy[\d.]*|node|bun|java|ruby|\.?ape(-[\d.]+)?|ld\.so|ld-linux[\w.-]*)$/;
/** Their options that are followed by a value. */
const WITH_VALUE = new Set(['-X', '-W', '-r', '--require', '--import', '--loader', '--library-path']);

/** Words behind the name of a download or a folder that say which build it is, as `koboldcpp-linux-x64-oldpc`. */
const BUILD = new Set(
  (
    'x64 x86 amd64 arm64 aarch64 win win32 win64 windows linux ubuntu mac macos darwin appimage cpu gpu cuda nocuda rocm ' +
    'vulkan nvidia amd intel avx avx2 noavx2 oldpc oldcpu portable master main dev nightly stable latest'
  ).split(' '),
);
const VERSION = /^([vbr]|cu|cuda|torch|py)?\d\w*$/;

/** Folders in which programs keep their own files: the folder above them has the name. */
const INNER = new Set(['app', 'webui', 'src', 'bin', 'build', 'debug', 'scripts', 'venv', 'env']);

const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** A name in lower case with `-` between its words, without the version and the build behind it. */
export function plainName(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/\.exe$/, '')
    .split(/[-_. ]/)
    .filter((word) => word !== '');
  while (words.length > 1 && (BUILD.has(words.at(-1)!) || VERSION.test(words.at(-1)!))) words.pop();
  return words.join('-');
}

/** The words of a name. `influx` is none of `influx-export`'s words but the first. */
export const wordsOf = (plain: string): readonly string[] => plain.split('-');

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'), 0));

const isAbsolute = (path: string): boolean => /^([/\\]|[A-Za-z]:)/.test(path);

/** A process that renames itself puts what it does behind its program: `VLLM::EngineCore`. */
const withoutRole = (name: string): string => name.split('::')[0]!;

const foldersOf = (path: string): string[] =>
  path
    .split(/[/\\]/)
    .slice(0, -1)
    .filter((part) => part !== '' && part !== '.')
    .map(plainName);

function ofFile(path: string, folder: string): { readonly file: string; readonly folder: string } {
  const folders = foldersOf(isAbsolute(path) ? path : `${folder}/${path}`);
  return { file: plainName(withoutRole(baseName(path))), folder: folders.findLast((name) => !INNER.has(name)) ?? '' };
}

/** The beginning of a command line, without more than `MATCHED` characters of it. */
function beginning(command: readonly string[]): string[] {
  const parts: string[] = [];
  let left = MATCHED;
  for (const part of command) {
    if (left <= 0) break;
    parts.push(part.slice(0, left));
    left -= part.length + 1;
  }
  return parts;
}

/** @param folder the working directory, in which a relative script lies; undefined: it cannot be read */
export function invocationOf(command: readonly string[], folder?: string): Invocation {
  const parts = beginning(command);
  const [program = ''] = parts;
  // where the working directory cannot be read, a virtual environment often lies in the program's folder
  const within = folder?.slice(0, MATCHED) ?? folderOf(program);
  const programFolders = foldersOf(program);
  const name = baseName(program)
    .toLowerCase()
    .replace(/\.exe$/, '');
  if (!INTERPRETER.test(name)) return { ...ofFile(program, within), programFolders, options: parts.slice(1) };
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!;
    const options = parts.slice(i + 1);
    if (part === '-m') {
      const { folder: own } = ofFile('', within);
      return {
        file: '',
        folder: own,
        programFolders,
        module: (options[0] ?? '').toLowerCase(),
        options: options.slice(1),
      };
    }
    if (part === '-c' || part === '-e') break;
    if (WITH_VALUE.has(part)) i++;
    else if (!part.startsWith('-')) return { ...ofFile(part, within), programFolders, options };
  }
  return { file: '', folder: '', programFolders, options: [] };
}

/** The value of an option, as `--port 8080` or `--port=8080`. */
export function optionOf(command: readonly string[], names: readonly string[]): string | undefined {
  for (const [i, part] of command.entries()) {
    if (names.includes(part)) return command[i + 1];
    const equals = part.indexOf('=');
    if (equals > 0 && names.includes(part.slice(0, equals))) return part.slice(equals + 1);
  }
  return undefined;
}

/** The port that a command line names. */
export function portFromCommand(command: readonly string[]): number | undefined {
  const port = Number(optionOf(command, ['--port', '--server-port', '--http-port']) ?? NaN);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
