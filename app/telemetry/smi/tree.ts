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

/** The text of a leaf. An element with attributes keeps its text under '#text'. */
export const textOf = (node: Node | undefined): string | undefined => {
  if (typeof node === 'string') return node;
  const inner = child(node, '#text');
  return typeof inner === 'string' ? inner : undefined;
};

export const textAt = (node: Node | undefined, path: string): string | undefined => textOf(at(node, path));

/** Text that says something: neither empty nor N/A. */
export const said = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || /^\[?n\/a\]?$/i.test(text) ? undefined : text;
