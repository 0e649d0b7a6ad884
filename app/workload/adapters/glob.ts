/** A glob in two parts: the folder to walk, and what the path below it must look like. */
export type Glob = { readonly folder: string; readonly pattern: RegExp };

/**
 * `out/**\/*.png` → walk `out`, match the rest. `*` and `?` stay within a name, `**` spans folders, `{a,b}` is either.
 * Backslashes separate folders only on Windows, where they are no part of names.
 */
export function parseGlob(text: string, windows = false): Glob {
  const parts = (windows ? text.replaceAll('\\', '/') : text).split('/');
  const wild = parts.findIndex((part) => /[*?{]/.test(part));
  const fixed = wild < 0 ? parts.length - 1 : wild;
  const folder = parts.slice(0, fixed).join('/') || (text.startsWith('/') ? '/' : '.');
  const pattern = parts
    .slice(fixed)
    .map((part) => (part === '**' ? '(?:[^/]+/)*' : `${source(part)}/`))
    .join('')
    .replace(/\/$/, '')
    .replace(/\(\?:\[\^\/\]\+\/\)\*$/, '.+');
  return { folder, pattern: new RegExp(`^${pattern}$`, windows ? 'i' : '') };
}

const source = (part: string): string =>
  part
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replace(/\{([^{}]*)\}/g, (_, inner: string) => `(?:${inner.replaceAll(',', '|')})`)
    .replace(/[{}]/g, '\\$&');
