import { Option } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import type { Command } from '../command.ts';
import { concluded } from '../job.ts';
import { EXIT } from '../options.ts';
import { installService } from '../service/install.ts';
import { launchdAgent } from '../service/launchd-agent.ts';
import { systemOption } from '../service/options.ts';
import { serviceProgram, type ServiceProgram } from '../service/program.ts';
import { scopeOf, type ScopeOptions } from '../service/systemd.ts';
import { SYSTEM_DATA_FOLDER, systemdUnit } from '../service/systemd-unit.ts';
import { windowsTask } from '../service/windows-task.ts';
import { dataDirOption } from '../shared-options.ts';
import { out } from '../terminal.ts';

type InstallOptions = ScopeOptions & { readonly dataDir?: string; readonly print?: true };

/** The service's definition in the form of each system's own service manager; systemd's on all others. */
const definitions: Readonly<Record<string, (program: ServiceProgram) => string>> = {
  darwin: launchdAgent,
  win32: windowsTask,
};

/** `slowburn service install`: writes the unit, starts it, and says what happens at logout. */
export const serviceInstall = {
  description: () => text('cli.service.installDescription'),
  options: () => [systemOption(), dataDirOption(), new Option('--print', text('cli.service.option.print'))],
  run({ dataDir, print, ...options }: InstallOptions): number {
    const scope = scopeOf(options);
    const program = serviceProgram(scope === 'system' ? SYSTEM_DATA_FOLDER : dataFolder(dataDir));
    if (!print) return concluded(installService(scope, program), (lines) => lines);
    out.data(definitions[process.platform]?.(program) ?? systemdUnit(scope, program));
    return EXIT.ok;
  },
} satisfies Command;
