/** What nvidia-smi printed, as a tree: text, or children by tag (a repeated tag is an array). */
export type Node = string | { readonly [tag: string]: Node | readonly Node[] };

const single = (node: Node | readonly Node[] | undefined): Node | undefined =>
  Array.isArray(node) ? (node as readonly Node[])[0] : (node as Node | undefined);

export const child = (node: Node | undefined, tag: string): Node | undefined =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, tag) ? single(node[tag]) : undefined;

export const children = (node: Node | undefined, tag: string): readonly Node[] => {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, tag)) return [];
  const found = node[tag]!;
  return Array.isArray(found) ? (found as readonly Node[]) : [found as Node];
};

/** The first node at a path such as "temperature/gpu_temp". */
export const at = (node: Node | undefined, path: string): Node | undefined =>
  path.split('/').reduce<Node | undefined>((here, tag) => child(here, tag), node);

/**
 * The text of a leaf. The parser keeps the text of an element with attributes or CDATA under a separate name. Text around
 * other elements is not a leaf: joined, its pieces would be a number that nvidia-smi never printed.
 */
export const textOf = (node: Node | undefined): string | undefined => {
  if (typeof node !== 'object') return node;
  const [key, ...others] = Object.keys(node).filter((name) => !name.startsWith('@'));
  const inner = others.length === 0 && (key === '#text' || key === '#cdata') ? node[key] : undefined;
  return typeof inner === 'string' ? inner : undefined;
};

export const textAt = (node: Node | undefined, path: string): string | undefined => textOf(at(node, path));

/** The text, if it is neither empty nor N/A. */
export const said = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || /^\[?n\/a\]?$/i.test(text) ? undefined : text;

/** A whole number in digits alone, as nvidia-smi prints ids and indices. */
export const idOf = (text: string | undefined): number | undefined =>
  /^\d{1,10}$/.test(text ?? '') ? Number(text) : undefined;

/** A GPU's UUID; undefined for words that are printed instead of one. */
export const uuidOf = (text: string | undefined): string | undefined =>
  /^GPU-[\w-]+$/.test(text ?? '') ? text : undefined;
