import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import type { SourceSpec } from '../../app/telemetry/sources.ts';
import { checkAll } from '../checks.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, settingsOf } from '../options.ts';
import { dataDirOption, jsonOption, sourceOptions } from '../shared-options.ts';
import { out } from '../terminal.ts';

export type DoctorOptions = { readonly dataDir?: string; readonly source: SourceSpec; readonly json?: true };

const signs = { ok: '✓', note: '·', problem: '✗' } as const;

/** `slowburn doctor`: checks driver, permissions, sleep, disk, settings and history. Exits with 1 if it finds a problem. */
export const doctor = {
  description: () => text('cli.doctor.description'),
  options: () => [...sourceOptions(), dataDirOption(), jsonOption()],
  async run({ dataDir, source, json }: DoctorOptions): Promise<number> {
    const folder = dataFolder(dataDir);
    const library = source.kind === 'nvml' ? source.library : undefined;
    const checks = await checkAll(folder, library, formatterOf(settingsOf(folder)));
    if (json) out.json(checks, 2);
    else {
      for (const { name, findings } of checks) {
        if (findings.length === 0) continue;
        out.say(text(`cli.doctor.check.${name}`));
        for (const { level, text: sentence, next } of findings) {
          out.say(`  ${signs[level]} ${sentence}`, ...(next ? [`      ${next}`] : []));
        }
      }
    }
    return checks.some(({ findings }) => findings.some(({ level }) => level === 'problem')) ? EXIT.failed : EXIT.ok;
  },
} satisfies Command;
