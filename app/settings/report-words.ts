import type { Formatter } from '../metrics/format.ts';
import type { ShownLimit, ShownLimits } from '../history/retention/grace.ts';
import type { LimitField } from '../history/retention/limits.ts';
import type { Translate } from '../core/i18n.ts';
import type { FormerKey, SettingsReport } from './read-settings.ts';

/** A sentence, what belongs to it, and what to do. */
export type Notice = { readonly title: string; readonly lines: readonly string[]; readonly next?: string };

type Problem = SettingsReport['problems'][number];

export const problemText = ({ field, line, message }: Problem, t: Translate): string => {
  if (field === '') return line === null ? message : t('settingsFile.whole', { line, message });
  if (line === null) return t('settingsFile.problemNoLine', { field, message });
  return t('settingsFile.problem', { field, line, message });
};

/** What a former key is called now. */
export const formerKeyText = ({ field, line, now }: FormerKey, t: Translate): string =>
  line === null ? t('settingsFile.renamedNoLine', { field, now }) : t('settingsFile.renamed', { field, line, now });

/** That deletion is suspended, and why. */
export const suspendedText = (suspended: readonly LimitField[], t: Translate): string =>
  t(`retention.suspended.${suspended.length > 1 ? 'both' : suspended[0]!}`);

/** What a person must know of the file of settings: what could not be read, and that deletion is suspended. */
export function settingsNotices({ file, problems, former, suspended, copy }: SettingsReport, t: Translate): Notice[] {
  const notices: Notice[] = [];
  const [first] = problems;
  if (first) {
    const lines = problems.map((problem) => problemText(problem, t));
    if (copy !== undefined) lines.push(t('settingsFile.copy', { copy }));
    const title = t(first.field === '' ? 'settingsFile.nothingRead' : 'settingsFile.unread', { file });
    notices.push({ title, lines, ...(first.next && { next: first.next }) });
  }
  if (former.length > 0) {
    const lines = former.map((key) => formerKeyText(key, t));
    notices.push({ title: t('settingsFile.formerKeys', { file }), lines, next: t('settingsFile.formerKeysNext') });
  }
  if (suspended.length > 0) {
    notices.push({ title: suspendedText(suspended, t), lines: [], next: t('retention.suspendedNext', { file }) });
  }
  return notices;
}

const limitText = (field: LimitField, value: number | null, t: Translate, format: Formatter): string => {
  if (value === null) return t(field === 'retentionDays' ? 'retention.nothing' : 'retention.unlimited');
  return field === 'retentionDays'
    ? t('retention.days', { count: value })
    : t('retention.mb', { size: format.number(value) });
};

/** Limits that wait: what they are, from when, and what holds until then. */
export function pendingTexts(limits: ShownLimits, t: Translate, format: Formatter): string[] {
  return (Object.entries(limits) as [LimitField, ShownLimit][]).flatMap(([field, { inForce, pending }]) =>
    pending
      ? [
          t(`retention.${field}`, {
            value: limitText(field, pending.value, t, format),
            now: limitText(field, inForce, t, format),
            date: format.dateTime(pending.fromMs),
          }),
        ]
      : [],
  );
}
