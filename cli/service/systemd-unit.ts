import type { ServiceProgram } from './program.ts';

export type ServiceScope = 'user' | 'system';

export const UNIT = 'slowburn.service';
/** Data of the system service. systemd makes it for the service's user (StateDirectory=). */
export const SYSTEM_DATA_FOLDER = '/var/lib/slowburn';
/** Members may watch the system service: its read-only socket belongs to this group. */
export const READERS_GROUP = 'slowburn-read';
export const SYSTEM_CONFIG_FILE = '/etc/slowburn/config.json';

/** A word of a unit file: quoted, without specifiers (systemd.syntax(7), systemd.unit(5)). */
const quoted = (word: string): string =>
  `"${word
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('%', '%%')
    .replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

const unquoted = (word: string): string =>
  word
    .replaceAll('%%', '%')
    .replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, char: string) =>
      hex === undefined ? char : String.fromCharCode(parseInt(hex, 16)),
    );

/** The data folder that a unit file of Slowburn names. */
export function dataFolderIn(unit: string): string | undefined {
  const found = /^Environment="SLOWBURN_DATA_DIR=(.*)"$/m.exec(unit)?.[1];
  return found === undefined ? undefined : unquoted(found);
}

/** A command line. In arguments `$` begins a variable; in the program's own path it does not (systemd.service(5)). */
const commandLine = ([program, ...args]: ServiceProgram['command']): string =>
  [quoted(program), ...args.map((arg) => quoted(arg).replaceAll('$', '$$$$'))].join(' ');

/**
 * Own user, read-only system, no rights, and of all devices only NVIDIA's. Three usual settings are left out.
 * MemoryDenyWriteExecute: V8 compiles at run time. ProtectProc and ProcSubset: which program uses a card is read in /proc.
 * PrivateDevices: it would hide the cards. @resources stays allowed: threads lower their own priority.
 * Only this machine can be reached: programs that generate are asked on loopback.
 */
const HARDENING = `DynamicUser=yes
User=slowburn
Group=${READERS_GROUP}
StateDirectory=slowburn
StateDirectoryMode=0700
RuntimeDirectory=slowburn
RuntimeDirectoryMode=0755
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
DeviceAllow=/dev/nvidiactl rw
DeviceAllow=char-nvidia rw
DeviceAllow=char-nvidia-frontend rw
DeviceAllow=char-nvidia-uvm rw
DeviceAllow=char-nvidia-caps r
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
IPAddressDeny=any
IPAddressAllow=localhost`;

/**
 * The unit file of the recorder. The user unit is not hardened: a user's manager cannot hide devices, and the limit
 * helper asks for rights through pkexec, which NoNewPrivileges would forbid.
 */
export function systemdUnit(scope: ServiceScope, { command, environment }: ServiceProgram): string {
  const system = scope === 'system';
  const variables = {
    ...environment,
    ...(system && { SLOWBURN_CONFIG: SYSTEM_CONFIG_FILE }),
  };
  return [
    '# Made by `slowburn service install`. Put changes into a drop-in: systemctl edit slowburn.',
    '[Unit]',
    'Description=Slowburn, recorder of GPU temperature, health and wear',
    ...(system ? ['After=nvidia-persistenced.service'] : []),
    '# A driver that is installed later is found without a limit of attempts.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=main',
    `ExecStart=${commandLine(command)}`,
    ...Object.entries(variables).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`),
    'Restart=on-failure',
    'RestartSec=30',
    '# 2: wrong options or configuration, which a restart does not correct',
    'RestartPreventExitStatus=2',
    'WatchdogSec=120',
    'TimeoutStopSec=30',
    ...(system ? [HARDENING] : []),
    '',
    '[Install]',
    `WantedBy=${system ? 'multi-user.target' : 'default.target'}`,
    '',
  ].join('\n');
}
