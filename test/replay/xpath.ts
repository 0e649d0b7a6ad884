/**
 * A second way to what nvidia-smi printed as XML: a reader of a few lines that shares nothing with the app's decoder or
 * with its XML library, so that a fault in either cannot hide in both.
 */
export type Element = { readonly tag: string; readonly children: readonly Element[]; readonly text: string };

type Growing = { readonly tag: string; readonly children: Growing[]; text: string };

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const plain = (text: string): string => text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name]!);

/** Reads a document of elements, text and comments; throws where its tags do not fit. */
export function parseXml(xml: string): Element {
  const root: Growing = { tag: '', children: [], text: '' };
  const open = [root];
  let at = 0;
  while (at < xml.length) {
    const start = xml.indexOf('<', at);
    const here = open.at(-1)!;
    here.text += xml.slice(at, start < 0 ? xml.length : start);
    if (start < 0) break;
    const mark = xml.startsWith('<!--', start) ? '-->' : '>';
    const end = xml.indexOf(mark, start) + mark.length;
    const inner = xml.slice(start + 1, end - 1);
    at = end;
    if (inner.startsWith('!') || inner.startsWith('?')) continue;
    if (inner.startsWith('/')) {
      if (open.pop()!.tag !== inner.slice(1).trim()) throw new Error(`<${inner}> ends nothing`);
      continue;
    }
    const element: Growing = { tag: inner.split(/[\s/]/)[0]!, children: [], text: '' };
    here.children.push(element);
    if (!inner.endsWith('/')) open.push(element);
  }
  if (open.length !== 1) throw new Error('the document is cut off');
  return root;
}

/** All elements at a path of tags, in order. */
export function elementsAt(element: Element, path: string): readonly Element[] {
  return path
    .split('/')
    .reduce<readonly Element[]>(
      (found, tag) => found.flatMap(({ children }) => children.filter((child) => child.tag === tag)),
      [element],
    );
}

/**
 * The text of the first element at a path. Where a subtree is a bare word ("N/A", "GPU is lost"), that word; where there
 * is no such element, undefined.
 */
export function textAt(element: Element, path: string): string | undefined {
  let here: Element | undefined = element;
  for (const tag of path.split('/')) {
    if (here.children.length === 0 && here.text.trim() !== '') break;
    here = here.children.find((child) => child.tag === tag);
    if (here === undefined) return undefined;
  }
  return here.children.length > 0 ? undefined : plain(here.text.trim());
}
