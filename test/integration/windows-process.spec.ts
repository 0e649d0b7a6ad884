import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../app/telemetry/native-library.node.ts';
import { openWindowsProcesses } from '../../app/workload/windows-process.node.ts';
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

  it('is told with its parent, its start and its command line', () => {
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
