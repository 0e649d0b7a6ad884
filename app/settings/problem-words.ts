import { printParseErrorCode, type ParseError } from 'jsonc-parser';
import { text } from '../core/i18n.ts';
import type { z } from '../core/zod.ts';

type Issue = z.core.$ZodIssue;

const TYPES = {
  number: 'settingsFile.must.number',
  int: 'settingsFile.must.whole',
  string: 'settingsFile.must.text',
  boolean: 'settingsFile.must.yesOrNo',
  array: 'settingsFile.must.list',
  object: 'settingsFile.must.object',
  record: 'settingsFile.must.object',
  never: 'settingsFile.must.leftOut',
} as const;

/** The least or most that a value may be: a number, or how long a text or a list is. */
function boundWords(origin: string, bound: number, side: 'least' | 'most', inclusive: boolean): string {
  if (origin === 'string' || origin === 'array' || origin === 'set') {
    if (side === 'least' && bound === 1) return text('settingsFile.must.notEmpty');
    const kind = origin === 'string' ? 'characters' : 'entries';
    return text(`settingsFile.must.${kind}.${side}`, { bound });
  }
  if (side === 'least') return text(inclusive ? 'settingsFile.must.least' : 'settingsFile.must.more', { bound });
  return text(inclusive ? 'settingsFile.must.most' : 'settingsFile.must.less', { bound });
}

/**
 * What a value must be to be accepted, as a sentence without the validator's own words.
 * @param value what the file has there; undefined: nothing
 */
export function issueWords(issue: Issue, value: unknown): string {
  if (value === undefined) return text('settingsFile.must.given');
  switch (issue.code) {
    case 'invalid_type':
      return text(TYPES[issue.expected as keyof typeof TYPES] ?? 'settingsFile.must.other');
    case 'invalid_value':
      return text('settingsFile.must.oneOf', { values: issue.values.map(String).join(', ') });
    case 'too_small':
      return boundWords(issue.origin, Number(issue.minimum), 'least', issue.inclusive !== false);
    case 'too_big':
      return boundWords(issue.origin, Number(issue.maximum), 'most', issue.inclusive !== false);
    case 'invalid_format':
      return text('settingsFile.must.form');
    default:
      return text('settingsFile.must.other');
  }
}

const SYNTAX = {
  PropertyNameExpected: 'settingsFile.syntax.name',
  ValueExpected: 'settingsFile.syntax.value',
  ColonExpected: 'settingsFile.syntax.colon',
  CommaExpected: 'settingsFile.syntax.comma',
  CloseBraceExpected: 'settingsFile.syntax.brace',
  CloseBracketExpected: 'settingsFile.syntax.bracket',
  EndOfFileExpected: 'settingsFile.syntax.end',
  UnexpectedEndOfString: 'settingsFile.syntax.quote',
  UnexpectedEndOfComment: 'settingsFile.syntax.comment',
} as const;

/** What is wrong with a text that is no JSON. */
export const syntaxWords = ({ error }: ParseError): string =>
  text(SYNTAX[printParseErrorCode(error) as keyof typeof SYNTAX] ?? 'settingsFile.syntax.other');
