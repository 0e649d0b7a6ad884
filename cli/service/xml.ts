const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text within XML 1.0. Control characters, which XML cannot hold, become U+FFFD. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => ENTITIES[char]!).replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '\ufffd');
