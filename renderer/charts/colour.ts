const resolved = new Map<string, string>();

/** Resolves a colour token of the theme to what a canvas can draw. */
export function colour(token: string): string {
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const key = `${scheme}${token}`;
  const known = resolved.get(key);
  if (known !== undefined) return known;
  const probe = document.createElement('span');
  probe.style.colorScheme = scheme; // the page itself may learn of a change a moment later
  probe.style.color = getComputedStyle(document.documentElement).getPropertyValue(token);
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  resolved.set(key, found);
  return found;
}
