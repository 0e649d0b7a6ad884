/**
 * A second way to the text of `nvidia-smi -q`: the lines of one GPU, each under the headings above it with
 * less indentation. It shares nothing with the app's decoder.
 */
export type Line = { readonly path: string; readonly cell: string };

export type PrintedText = {
  readonly head: ReadonlyMap<string, string>;
  readonly gpus: readonly { readonly slot: string; readonly lines: readonly Line[] }[];
};

/** "Current" under "MIG Mode" has the path "MIG Mode > Current". */
export function parseLines(text: string): PrintedText {
  const head = new Map<string, string>();
  const gpus: { slot: string; lines: Line[] }[] = [];
  let headings: { indent: number; name: string }[] = [];
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length;
    const [left = '', ...right] = line.trim().split(' : ');
    const name = left.trim();
    if (name.startsWith('GPU ') && indent === 0) {
      gpus.push({ slot: name.slice(4), lines: [] });
      headings = [];
      continue;
    }
    headings = headings.filter((heading) => heading.indent < indent);
    const path = [...headings.map((heading) => heading.name), name].join(' > ');
    if (right.length > 0) {
      const cell = right.join(' : ').trim();
      if (gpus.length > 0) gpus.at(-1)!.lines.push({ path, cell });
      else head.set(name, cell);
    }
    // a value may head others: "HW Slowdown : Active" precedes its kinds
    if (right.length === 0 && name !== '') headings.push({ indent, name });
  }
  return { head, gpus };
}

/** The cell at a path; where a section is a bare word, that word. */
export function cellAt(lines: readonly Line[], path: string): string | undefined {
  const exact = lines.find((line) => line.path === path);
  return (exact ?? lines.find((line) => path.startsWith(`${line.path} > `)))?.cell;
}
