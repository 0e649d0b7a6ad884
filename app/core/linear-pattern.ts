import { RE2JS } from 're2js';
import { text } from './i18n.ts';
import { err, messageOf, ok, type Result } from './result.ts';

/**
 * A pattern that a person wrote. RE2 reads each character a bounded number of times, so no pattern and no text can stall
 * the program. JavaScript's RegExp backtracks and gives no such bound.
 */
export type LinearPattern = RE2JS;

/** Compiles a pattern in JavaScript's notation. RE2 has no look-around and no back references. */
export function linearPattern(source: string, ignoreCase = false): Result<LinearPattern> {
  try {
    return ok(RE2JS.compile(RE2JS.translateRegExp(source), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0));
  } catch (thrown) {
    return err('invalid-argument', text('pattern.invalid', { why: messageOf(thrown) }), text('pattern.use'));
  }
}
