import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { unixAddress, watchdogOf } from '../../app/recorder/service-notify.node.ts';
import { splitCommandLine } from '../../app/workload/programs/command-line.ts';
import { launchdAgent } from '../../cli/service/launchd-agent.ts';
import { dataFolderIn, systemdUnit } from '../../cli/service/systemd-unit.ts';
import { windowsTask } from '../../cli/service/windows-task.ts';

const programOf = (command: readonly [string, ...string[]], folder: string) => ({
  command,
  environment: { SLOWBURN_DATA_DIR: folder },
});
const program = programOf(['/usr/bin/node', '/opt/slowburn/slowburn.js', 'record'], '/data');
const linesOf = (unit: string): string[] => unit.split('\n');

/** Names of files: anything that XML can hold as it is, and what quoting is about. */
const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '$', '%', "'", '&', '<', '>', 'é', '\u{1F525}') });

describe('the systemd unit', () => {
  it('is ready, watched and restarted, and starts Node without a shell or npm', () => {
    const lines = linesOf(systemdUnit('user', program));
    for (const line of [
      'Type=notify',
      'NotifyAccess=main',
      'WatchdogSec=120',
      'Restart=on-failure',
      'RestartPreventExitStatus=2',
      'ExecStart="/usr/bin/node" "/opt/slowburn/slowburn.js" "record"',
      'Environment="SLOWBURN_DATA_DIR=/data"',
      'WantedBy=default.target',
    ])
      expect(lines).toContain(line);
  });

  it('of a user leaves rights as they are: the limit helper asks for more', () => {
    expect(systemdUnit('user', program)).not.toMatch(/NoNewPrivileges|Protect|DynamicUser|Device/);
  });

  it('of the system has its own user, no rights, and NVIDIA’s devices alone', () => {
    const lines = linesOf(systemdUnit('system', program));
    for (const line of [
      'DynamicUser=yes',
      'ProtectSystem=strict',
      'NoNewPrivileges=yes',
      'DevicePolicy=closed',
      'StateDirectory=slowburn',
      // its sockets: the folder may be entered by all, the read-only socket opened by the group
      'RuntimeDirectory=slowburn',
      'RuntimeDirectoryMode=0755',
      'Group=slowburn-read',
      'Environment="SLOWBURN_CONFIG=/etc/slowburn/config.json"',
      'WantedBy=multi-user.target',
    ])
      expect(lines).toContain(line);
    const devices = lines.filter((line) => line.startsWith('DeviceAllow='));
    expect(devices.length).toBeGreaterThan(0);
    expect(devices.every((line) => line.includes('nvidia'))).toBe(true);
  });

  it('of the system allows what V8 and the recorder need', () => {
    const unit = systemdUnit('system', program);
    expect(unit).not.toMatch(/^(MemoryDenyWriteExecute|PrivateDevices|PrivateNetwork|ProtectProc|ProcSubset)=/m);
    expect(unit).not.toMatch(/^SystemCallFilter=~.*@resources/m);
  });

  it('doubles what systemd would replace: % everywhere, $ in arguments, not in the program', () => {
    const unit = systemdUnit('user', programOf(['/a $b/%n', '$HOME', '100%', 'say "x"\\'], '/d'));
    expect(linesOf(unit)).toContain(String.raw`ExecStart="/a $b/%%n" "$$HOME" "100%%" "say \"x\"\\"`);
  });

  it('keeps every setting on its line, and gives back the data folder, whatever its name', () => {
    const folder = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '$', '%', 'é', '\n', '\t', 'x', '4', '1') });
    fc.assert(
      fc.property(folder, (name) => {
        const unit = systemdUnit('user', programOf(['/n', name], `/${name}`));
        expect(dataFolderIn(unit)).toBe(`/${name}`);
        expect(linesOf(unit).length).toBe(linesOf(systemdUnit('user', program)).length);
      }),
    );
    expect(dataFolderIn('[Service]\n')).toBeUndefined();
  });
});

describe('the launchd agent', () => {
  it('has each word and the folder as they are, starts at login and after a failure', () => {
    const parser = new XMLParser({ trimValues: false, parseTagValue: false });
    fc.assert(
      fc.property(word, word, (one, folder) => {
        const xml = launchdAgent(programOf(['/node', `-${one}`], `/${folder}`));
        const { dict } = (parser.parse(xml) as { plist: { dict: any } }).plist;
        expect(dict.array.string).toEqual(['/node', `-${one}`]);
        expect(dict.dict[0].string).toBe(`/${folder}`);
      }),
    );
    const xml = launchdAgent(program);
    expect(xml).toMatch(/<key>RunAtLoad<\/key>\s*<true\/>/);
    expect(xml).toMatch(/<key>SuccessfulExit<\/key>\s*<false\/>/);
  });
});

describe('the Windows task', () => {
  it('has arguments that Windows splits as they were, the data folder among them', () => {
    const parser = new XMLParser({ trimValues: false, parseTagValue: false });
    fc.assert(
      fc.property(fc.array(word), word, (args, folder) => {
        const xml = windowsTask(programOf(['C:\\node & co\\node.exe', ...args], `C:\\${folder}`));
        const { Command, Arguments } = parser.parse(xml).Task.Actions.Exec;
        expect(Command).toBe('C:\\node & co\\node.exe');
        expect(splitCommandLine(Arguments)).toEqual([...args, '--data-dir', `C:\\${folder}`]);
      }),
    );
  });

  it('has no time limit, starts again after a failure, and runs on battery', () => {
    const xml = windowsTask(program);
    for (const part of ['<ExecutionTimeLimit>PT0S<', '<Interval>PT1M<', '<StopIfGoingOnBatteries>false<'])
      expect(xml).toContain(part);
  });
});

describe('the socket of a service manager', () => {
  it.each([
    ['/run/notify', '/run/notify\0'],
    ['@abstract', '\0abstract'],
  ])('%s becomes an address', (socket, name) => {
    const address = unixAddress(socket)!;
    expect(new Uint16Array(address.slice(0, 2).buffer)[0]).toBe(1);
    expect(Buffer.from(address.slice(2)).toString()).toBe(name);
  });

  it.each(['', '@', '/', 'relative', 'vsock:2:1', `/${'x'.repeat(107)}`])('%j is not used', (socket) =>
    expect(unixAddress(socket)).toBeUndefined(),
  );

  it('may have the longest name that the system takes', () =>
    expect(unixAddress(`/${'x'.repeat(106)}`)).toHaveLength(110));

  it.each([
    [{}, undefined],
    [{ WATCHDOG_USEC: '120000000' }, 120_000],
    [{ WATCHDOG_USEC: '120000000', WATCHDOG_PID: '7' }, 120_000],
    [{ WATCHDOG_USEC: '120000000', WATCHDOG_PID: '8' }, undefined],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: 'soon' }, undefined],
  ])('%j has the watchdog %s', (environment, ms) => expect(watchdogOf(environment, 7)).toBe(ms));
});
