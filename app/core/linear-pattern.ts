import { RE2JS } from 're2js';
import { err, messageOf, ok, type Result } from './result.ts';

/**
 * A pattern that a person wrote. RE2 reads each character of a text a bounded number of times, so no pattern and no text
 * can stall the program. JavaScript's own RegExp backtracks and gives no such bound.
 */
export type LinearPattern = RE2JS;

/** Compiles a pattern in JavaScript's notation, without look-around and back references: RE2 has neither. */
export function linearPattern(source: string, ignoreCase = false): Result<LinearPattern> {
  try {
    return ok(RE2JS.compile(RE2JS.translateRegExp(source), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0));
  } catch (thrown) {
    return err(
      'invalid-argument',
      `That is not a pattern: ${messageOf(thrown)}.`,
      'Use a regular expression without look-ahead, look-behind and back references.',
    );
  }
}
