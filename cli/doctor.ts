import { createFormatter } from '../app/metrics/format.ts';
import { loosely, createI18n } from '../app/core/i18n.ts';
import { dataFolder } from '../app/core/folders.node.ts';
import type { SourceSpec } from '../app/telemetry/sources.ts';
import { checkAll } from './checks.ts';
import { EXIT, settingsOf } from './options.ts';
import { out } from './terminal.ts';

export type DoctorOptions = { readonly dataDir?: string; readonly source: SourceSpec; readonly json?: true };

const signs = { ok: '✓', note: '·', problem: '✗' } as const;

/** Checks driver, permissions, sleep, disk, history and what recording costs. Exit 1 where something does not work. */
export async function doctor({ dataDir, source, json }: DoctorOptions): Promise<number> {
  const { locale } = Intl.DateTimeFormat().resolvedOptions();
  const { t } = createI18n(locale);
  const folder = dataFolder(dataDir);
  const library = source.kind === 'nvml' ? source.library : undefined;
  const checks = await checkAll(folder, library, t, createFormatter(locale, settingsOf(folder)));
  const told = checks.map(({ name, findings }) => ({
    name,
    findings: findings.map(({ level, text, values, said, next, field, line }) => ({
      level,
      text: loosely(t)(`doctor.${text}`, { ...values, said: said ?? '' }),
      ...(next ? { next } : {}),
      ...(field === undefined ? {} : { field }),
      ...(line === undefined ? {} : { line }),
    })),
  }));
  if (json) out.json(told, 2);
  else {
    for (const { name, findings } of told) {
      if (findings.length === 0) continue;
      out.say(t(`doctor.check.${name}`));
      for (const { level, text, next } of findings) {
        out.say(`  ${signs[level]} ${text}`, ...(next ? [`      ${next}`] : []));
      }
    }
  }
  return told.some(({ findings }) => findings.some(({ level }) => level === 'problem')) ? EXIT.failed : EXIT.ok;
}
