import { text } from '../../core/i18n.ts';
import { isIdentifier } from '../../core/identifier.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** What the helper does. `beat` says that Slowburn still runs. */
export const verbs = ['beat', 'undo', 'hold', 'resume', 'limit', 'restore'] as const;
export type Verb = (typeof verbs)[number];

/** The characters of an identifier, each of which the helper can decode. */
export const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:/-';

/** Every character of an identifier has a code of two hexadecimal digits. */
const hex = (text: string): string => [...text].map((char) => char.charCodeAt(0).toString(16)).join('');

/** More than any program has processes on the cards of one machine. */
const MOST_FIELDS = 128;

/**
 * One command for the helper: a verb and each field in hexadecimal digits, so a field can hold neither the space that ends
 * it nor the line feed that ends the command. A field outside the grammar of identifiers is refused here, and cannot be
 * decoded there.
 */
export function frameOf(verb: Verb, fields: readonly string[] = []): Result<string> {
  if (fields.length > MOST_FIELDS)
    return err('invalid-argument', text('governor.error.tooManyProcesses', { most: MOST_FIELDS / 2 }));
  const wrong = fields.find((field) => typeof field !== 'string' || !isIdentifier(field));
  if (wrong !== undefined) return err('invalid-argument', text('governor.error.notAnIdentifier'));
  return ok(`${[verb, ...fields.map(hex)].join(' ')}\n`);
}

/** The helper's decoder, in its own language: a table of exactly these characters. */
export const decoderTable = (): string =>
  [...alphabet].map((char) => `${hex(char)}) plain="$plain"${char} ;;`).join('\n      ');
