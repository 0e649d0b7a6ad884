import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../app/telemetry/native-library.node.ts';
import { matchProcess } from '../../app/workload/programs/match.ts';
import { readWindowsFacts } from '../../app/workload/programs/process-facts.node.ts';
import { openWindowsProcesses } from '../../app/workload/programs/windows-process.node.ts';
import { compileLibrary } from '../support/compile-library.ts';
import { temporaryFolder } from '../support/folders.ts';

const standIn = (): string => compileLibrary(path.resolve(import.meta.dirname, '../mock-windows'));

/** The processes of a Windows, until the test ends: number, parent, start, command line. */
function running(...lines: readonly string[]): void {
  const file = path.join(temporaryFolder(), 'processes');
  fs.writeFileSync(file, lines.join('\n'));
  process.env['MOCK_PROCESSES'] = file;
  onTestFinished(() => {
    delete process.env['MOCK_PROCESSES'];
  });
}

describe('a process of Windows', () => {
  const open = () => openWindowsProcesses(standIn(), standIn())!;

  it('is read with its parent, its start and its command line', () => {
    running('4100 900 133700000000000000 "C:\\AI\\python.exe" -s main.py', '900 4 133600000000000000 explorer.exe');
    expect(open().of(4100)).toEqual({
      parent: 900,
      startedAt: '133700000000000000',
      commandLine: '"C:\\AI\\python.exe" -s main.py',
    });
    expect(open().of(900)?.parent).toBe(4);
  });

  it('of another user has no command line, one that is gone nothing', () => {
    running('4100 900 133700000000000000 -');
    expect(open().of(4100)).toMatchObject({ parent: 900, commandLine: undefined });
    expect(open().of(4101)).toBeUndefined();
  });

  it.each([
    ['ComfyUI', '".\\python_embeded\\python.exe" -s ComfyUI\\main.py --windows-standalone-build', 'python.exe'],
    ['ComfyUI', '"C:\\My AI\\python.exe" "C:\\My AI\\ComfyUI\\main.py" --port 8190', 'python.exe'],
    ['Ollama', 'C:\\Users\\me\\AppData\\Local\\Programs\\Ollama\\ollama.exe serve', 'ollama.exe'],
    ['llama.cpp', 'D:\\llama\\llama-server.exe -m D:\\models\\qwen.gguf --port 8080', 'llama-server.exe'],
    ['LM Studio', '"C:\\Program Files\\LM Studio\\LM Studio.exe" --type=utility', 'LM Studio.exe'],
  ])('that is %s is recognised by its command line', (program, commandLine, name) => {
    running(`4100 900 20 ${commandLine}`, '900 4 10 cmd.exe');
    const facts = readWindowsFacts(open(), 4100, name);
    expect(matchProcess(facts, [])?.name).toBe(program);
  });

  it('has for ancestors those that are older, and is known by name if Windows reports nothing else', () => {
    running('4100 900 20 a', '900 800 10 b "c d"', '800 700 30 an-unlucky-number', '700 4 5 e');
    expect(readWindowsFacts(open(), 4100, 'a.exe').ancestors).toEqual([
      { pid: 900, startedAt: '10', command: ['b', 'c d'] },
    ]);
    expect(readWindowsFacts(open(), 5000, 'dwm.exe')).toMatchObject({ command: ['dwm.exe'], ancestors: [] });
  });

  it('is not held on to', () => {
    running('4100 900 1 a', '4200 900 1 -');
    const windows = open();
    for (const pid of [4100, 4200, 4300]) windows.of(pid);
    expect(openHandles()).toBe(0);
  });

  it('is unknown where there is no Windows', () => expect(openWindowsProcesses()).toBeUndefined());
});

function openHandles(): number {
  return openLibrary(standIn()).bind('OpenHandles', [])!();
}
