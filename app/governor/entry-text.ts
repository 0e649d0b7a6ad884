import type { Translate } from '../core/i18n.ts';
import { en } from '../core/locales/en.ts';
import type { GovernorEntry } from './policy.ts';

type Why = keyof typeof en.governor.why;
const isWhy = (why: string): why is Why => Object.hasOwn(en.governor.why, why);

/** What the governor did or saw, and why, as a sentence. A reason that this version does not know is shown as it is. */
export function entryText(t: Translate, { what, why, limitW, program = '' }: GovernorEntry): string {
  return t(`governor.did.${what}`, {
    why: isWhy(why) ? t(`governor.why.${why}`) : why,
    limit: limitW === undefined ? '' : `${limitW} W`,
    program,
  });
}
