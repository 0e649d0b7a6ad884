import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autostartEntry, autostartFile, isSwitchedOn } from '../../main/autostart-file.ts';

const entry = (...command: readonly [string, ...string[]]) => autostartEntry(command, 'Slowburn', 'A monitor');
const execOf = (text: string | undefined): string => /^Exec=(.*)$/m.exec(text ?? '')![1]!;

/**
 * Reads an Exec line back by the Desktop Entry Specification, in its order: escapes of a string, quotes, field codes. It shares
 * no code with what wrote it.
 */
function argumentsOf(exec: string): string[] {
  const unescape: Record<string, string> = { s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' };
  let line = '';
  for (let i = 0; i < exec.length; i++) line += exec[i] === '\\' ? unescape[exec[++i]!]! : exec[i]!;
  const args: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (line[at] !== '"') throw new Error(`no quote at ${at} of ${line}`);
    let arg = '';
    for (at++; line[at] !== '"'; at++) {
      if (line[at] === undefined) throw new Error('no end');
      if ('`$'.includes(line[at]!)) throw new Error('a shell would expand it');
      arg += line[at] === '\\' ? line[++at]! : line[at]!;
    }
    args.push(arg);
    at += 2; // the quote, and a space
  }
  return args.map((arg) =>
    arg.replaceAll(/%(.?)/g, (_, code: string) => {
      if (code !== '%') throw new Error(`the field code %${code}`);
      return '%';
    }),
  );
}

describe('the file that starts Slowburn at login', () => {
  it('is a desktop entry', () => {
    expect(entry('/opt/Slowburn/slowburn', '--hidden', '--data-dir', '/home/ada/.local/share/slowburn')).toBe(
      `[Desktop Entry]
Type=Application
Name=Slowburn
Comment=A monitor
Exec="/opt/Slowburn/slowburn" "--hidden" "--data-dir" "/home/ada/.local/share/slowburn"
Terminal=false
StartupNotify=false
`,
    );
  });

  it.each([
    ['/home/a b/x', '"/home/a b/x"'],
    ['/p/$HOME', '"/p/\\\\$HOME"'],
    ['/p/`id`', '"/p/\\\\`id\\\\`"'],
    ['/p/"q"', '"/p/\\\\"q\\\\""'],
    ['/p/back\\slash', '"/p/back\\\\\\\\slash"'],
    ["/p/it's;&|<>~*?#()", `"/p/it's;&|<>~*?#()"`],
    ['/p/new\nline\ttab', '"/p/new\\nline\\ttab"'],
    ['/p/Öl und 熱', '"/p/Öl und 熱"'],
  ])('writes %j as %s', (path, exec) => expect(execOf(entry(path))).toBe(exec));

  it('gives the program every path as it is', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0'));
    fc.assert(
      fc.property(
        word.filter((one) => !/[=%]/.test(one)),
        fc.array(word),
        (program, args) => {
          const text = entry(program, ...args);
          expect(text.split('\n')).toHaveLength(8); // no path adds a line, and with it a key
          expect(argumentsOf(execOf(text))).toEqual([program, ...args]);
        },
      ),
    );
  });

  it('starts a program in a path that Exec cannot name through a shell', () => {
    const exec = execOf(entry('/opt/a=b/100%/slowburn', '--hidden'));
    expect(argumentsOf(exec)).toEqual(['sh', '-c', 'exec "$0" "$@"', '/opt/a=b/100%/slowburn', '--hidden']);
  });

  it('lies where the desktop looks for it', () => {
    expect(autostartFile({}, '/home/ada')).toBe('/home/ada/.config/autostart/slowburn.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: '/cfg' }, '/home/ada')).toBe('/cfg/autostart/slowburn.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: 'cfg' }, '/home/ada')).toBe('/home/ada/.config/autostart/slowburn.desktop');
  });

  it.each([
    ['', true],
    ['Hidden=true\n', false],
    ['Hidden = true\n', false],
    ['Hidden=false\n', true],
    ['X-GNOME-Autostart-enabled=false\n', false],
    ['X-GNOME-Autostart-enabled=true\n', true],
    ['Comment=Hidden=true\n', true],
  ])('with %j is switched on: %s', (more, on) => expect(isSwitchedOn(`${entry('/a')}${more}`)).toBe(on));
});
