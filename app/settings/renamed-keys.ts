/** Settings keys of earlier versions → what they are called now, as paths with dots: `governor.powerW`. */
export type RenamedKeys = Readonly<Record<string, string>>;

/** They still work, and print a hint. An entry is removed with the version that docs/stability.md allows. */
export const renamedKeys: RenamedKeys = {
  'governor.mayCap': 'governor.maySetLimit',
};

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is at a path; its own properties only. */
const has = (tree: unknown, [key, ...rest]: readonly string[]): boolean =>
  isTree(tree) && Object.hasOwn(tree, key!) && (rest.length === 0 || has(tree[key!], rest));

const valueAt = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce((inner, key) => (isTree(inner) ? inner[key] : undefined), tree);

function withValue(tree: Tree, [key, ...rest]: readonly string[], value: unknown): Tree {
  const inner = tree[key!];
  return { ...tree, [key!]: rest.length === 0 ? value : withValue(isTree(inner) ? inner : {}, rest, value) };
}

/**
 * The same settings under the keys of today. Where both keys are given, the one of today counts.
 * @returns the settings, and the former keys that were found
 */
export function moveRenamed(given: Tree, renamed: RenamedKeys): { readonly given: Tree; readonly found: string[] } {
  const found = Object.keys(renamed).filter((former) => has(given, former.split('.')));
  const moved = found.reduce((tree, former) => {
    const now = renamed[former]!.split('.');
    return has(tree, now) ? tree : withValue(tree, now, valueAt(tree, former.split('.')));
  }, given);
  return { given: moved, found };
}
