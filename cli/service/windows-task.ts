import { escapeXml } from './xml.ts';
import type { ServiceProgram } from './program.ts';

/** An argument as programs of Windows split it: backslashes count only before a quotation mark. */
const argument = (word: string): string =>
  /^[^\s"]+$/.test(word) ? word : `"${word.replace(/(\\*)("|$)/g, '$1$1$2').replaceAll('"', '\\"')}"`;

/**
 * A task of the Windows Task Scheduler, schema 1.2 ([MS-TSCH] 2.5): starts at logon, again one minute after a failure,
 * without a time limit and also on battery. A task has no environment, so the data folder is an option of the program.
 */
export function windowsTask({ command: [program, ...args], environment }: ServiceProgram): string {
  const all = [...args, '--data-dir', environment.SLOWBURN_DATA_DIR];
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Slowburn, recorder of GPU temperature, health and wear</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Enabled>true</Enabled>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(program)}</Command>
      <Arguments>${escapeXml(all.map(argument).join(' '))}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}
