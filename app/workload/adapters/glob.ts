import { linearPattern, type LinearPattern } from '../../core/linear-pattern.ts';
import { ok, type Result } from '../../core/result.ts';

/** A glob in two parts: the folder to walk, and what the path below it must match. `text` is what was written. */
export type Glob = { readonly text: string; readonly folder: string; readonly pattern: LinearPattern };

/**
 * `out/**\/*.png` → walk `out`, match the rest. `*` and `?` stay within a name, `**` spans folders, `{a,b}` is either.
 * Small and capital letters match each other: some programs write `.PNG`. Backslashes separate folders on Windows only.
 * Glob libraries translate to patterns with look-ahead, which a linear engine cannot run, so this translation is our own.
 */
export function parseGlob(text: string, windows = false): Result<Glob> {
  const parts = (windows ? text.replaceAll('\\', '/') : text).split('/');
  const wild = parts.findIndex((part) => /[*?{]/.test(part));
  const fixed = wild < 0 ? parts.length - 1 : wild;
  const folder = parts.slice(0, fixed).join('/') || (text.startsWith('/') ? '/' : '.');
  const below = parts.slice(fixed);
  const source = below
    .map((part, i) => {
      const last = i === below.length - 1;
      if (part === '**') return last ? '.+' : '(?:[^/]+/)*';
      return last ? sourceOf(part) : `${sourceOf(part)}/`;
    })
    .join('');
  const pattern = linearPattern(`^${source}$`, true);
  return pattern.ok ? ok({ text, folder, pattern: pattern.value }) : pattern;
}

const sourceOf = (part: string): string =>
  part
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replace(/\{([^{}]*)\}/g, (_, inner: string) => `(?:${inner.replaceAll(',', '|')})`)
    .replace(/[{}]/g, '\\$&');
