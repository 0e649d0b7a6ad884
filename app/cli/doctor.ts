import { createI18n } from '../i18n.ts';
import { dataFolder } from '../settings/folders.node.ts';
import type { SourceSpec } from '../telemetry/source-spec.ts';
import { checkAll } from './checks.ts';
import { EXIT } from './options.ts';
import { out } from './terminal.ts';

export type DoctorOptions = { readonly dataDir?: string; readonly source: SourceSpec; readonly json?: true };

const signs = { ok: '✓', note: '·', problem: '✗' } as const;

/** Checks driver, permissions, sleep, disk, history and what recording costs. Exit 1 where something does not work. */
export async function doctor({ dataDir, source, json }: DoctorOptions): Promise<number> {
  const { t } = createI18n(Intl.DateTimeFormat().resolvedOptions().locale);
  const checks = await checkAll(dataFolder(dataDir), source.kind === 'nvml' ? source.library : undefined);
  const told = checks.map(({ name, findings }) => ({
    name,
    findings: findings.map(({ level, text, values, said, next }) => ({
      level,
      text: t(`doctor.${text}`, { ...values, said: said ?? '' }),
      ...(next ? { next } : {}),
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
