import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from '../../app/core/i18n.ts';
import { readInput } from '../../app/core/read-input.node.ts';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import { z } from '../../app/core/zod.ts';
import { settingsSchema } from '../../app/settings/settings.ts';
import { parseSourceSpec, type SourceSpec } from '../../app/telemetry/sources.ts';
import { SYSTEM_CONFIG_FILE } from './systemd-unit.ts';

/** What the service records, as a file or the environment says it. Everything else is in settings.json. */
const schema = z.strictObject({
  /** as --source takes it */
  source: z.string().optional(),
  /** time between samples, s */
  interval: z.number().optional(),
});

export type ServiceConfig = { readonly source?: SourceSpec; readonly interval?: number };

const LARGEST = 64 * 1024;

/** Where the file is looked for: SLOWBURN_CONFIG alone, or else the user's XDG folder, then /etc. */
export function configFiles(environment: NodeJS.ProcessEnv, home = os.homedir()): readonly string[] {
  const { SLOWBURN_CONFIG: chosen, XDG_CONFIG_HOME: folder } = environment;
  if (chosen) return [path.resolve(chosen)];
  return [path.join(folder || path.join(home, '.config'), 'slowburn', 'config.json'), SYSTEM_CONFIG_FILE];
}

const refused = (where: string, why: string): Result<never> =>
  err('invalid-argument', text('cli.config.refused', { where, why }), text('cli.config.refusedNext'));

type Stated = z.infer<typeof schema>;

/** The content of the first file that exists; nothing if none does. */
function stated(files: readonly string[]): Result<{ readonly file: string; readonly value: Stated }> {
  for (const file of files) {
    if (!fs.existsSync(file)) continue;
    const read = readInput(file, LARGEST);
    if (!read.ok) return read;
    try {
      const parsed = schema.safeParse(JSON.parse(read.value.toString()));
      if (parsed.success) return ok({ file, value: parsed.data });
      const [issue] = parsed.error.issues;
      return refused(file, [...issue!.path, issue!.message].join(': '));
    } catch (thrown) {
      return refused(file, messageOf(thrown));
    }
  }
  return ok({ file: '', value: {} });
}

/**
 * Reads the configuration. Each variable of the environment (SLOWBURN_SOURCE, SLOWBURN_INTERVAL in seconds) replaces the
 * value of the file. An empty variable counts as absent. What is wrong is an error: a service that silently records
 * something else would be noticed months later.
 */
export function loadConfig(environment: NodeJS.ProcessEnv, files = configFiles(environment)): Result<ServiceConfig> {
  const found = stated(files);
  if (!found.ok) return found;
  const { file, value } = found.value;
  const { SLOWBURN_SOURCE: source = '', SLOWBURN_INTERVAL: interval = '' } = environment;
  const pick = <T>(variable: string, set: T | '', fromFile: T | undefined) =>
    set === '' ? { where: file, given: fromFile } : { where: variable, given: set };

  const chosenSource = pick('SLOWBURN_SOURCE', source, value.source);
  const spec = chosenSource.given === undefined ? undefined : parseSourceSpec(chosenSource.given);
  if (spec?.ok === false) return refused(chosenSource.where, [spec.error.message, spec.error.next].join(' '));

  const chosenInterval = pick('SLOWBURN_INTERVAL', interval === '' ? '' : Number(interval), value.interval);
  const { given } = chosenInterval;
  const intervalMs =
    given === undefined ? undefined : settingsSchema.shape.intervalMs.safeParse(Math.round(given * 1000));
  if (intervalMs?.success === false) return refused(chosenInterval.where, text('cli.refused.interval'));
  return ok({
    ...(spec && { source: spec.value }),
    ...(intervalMs && { interval: intervalMs.data }),
  });
}
