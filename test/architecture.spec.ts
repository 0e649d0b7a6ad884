import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

// The walls of docs/ARCHITECTURE.md, read from the imports themselves. A failing test prints the edge that offends.

const rooms = ['app', 'main', 'renderer', 'test', 'bench', 'scripts'] as const;
type Edge = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

const sources = rooms.flatMap((room) =>
  fs.existsSync(room)
    ? fs
        .readdirSync(room, { recursive: true, encoding: 'utf8' })
        .map((name) => path.posix.join(room, name.split(path.sep).join('/')))
        .filter((file) => /\.(ts|tsx|mjs)$/.test(file))
    : [],
);

/** Every module that a file names, and whether it runs it or knows its types alone. */
function importsOf(file: string): { readonly name: string; readonly typeOnly: boolean }[] {
  const found: { name: string; typeOnly: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const typeOnly = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      found.push({ name: (node.moduleSpecifier as ts.StringLiteral).text, typeOnly });
    }
    if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      ts.isStringLiteral(node.arguments[0]!)
    ) {
      found.push({ name: node.arguments[0].text, typeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  return found;
}

const edges: Edge[] = sources.flatMap((from) =>
  importsOf(from).map(({ name, typeOnly }) => ({
    from,
    to: name.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(from), name)) : name,
    typeOnly,
  })),
);

const roomOf = (file: string): string => file.split('/')[0]!;
const isNode = (file: string): boolean => file.endsWith('.node.ts') || file.startsWith('app/cli/');
const show = (offending: readonly Edge[]): string[] => offending.map(({ from, to }) => `${from} → ${to}`);
const local = edges.filter(({ to }) => sources.includes(to));

describe('the walls of the house', () => {
  it('has found the code', () => expect(local.length).toBeGreaterThan(100));

  it('app knows only app', () => {
    expect(show(local.filter(({ from, to }) => roomOf(from) === 'app' && roomOf(to) !== 'app'))).toEqual([]);
  });

  it('the pure heart runs nothing of Node: it knows a .node.ts file by its types alone', () => {
    const pure = edges.filter(({ from, typeOnly }) => from.startsWith('app/') && !isNode(from) && !typeOnly);
    const allowed = new Set(['zod', 'i18next', 'fast-xml-parser', 'jsonc-parser', 're2js']);
    expect(
      show(
        pure.filter(
          ({ to }) =>
            isNode(to) ||
            to.startsWith('node:') ||
            (!sources.includes(to) && !to.endsWith('.json') && !allowed.has(to)),
        ),
      ),
    ).toEqual([]);
  });

  it('the page knows the heart and nothing of main or Node', () => {
    const page = edges.filter(({ from }) => from.startsWith('renderer/'));
    expect(
      show(
        page.filter(
          ({ to }) =>
            roomOf(to) === 'main' ||
            to === 'electron' ||
            to.startsWith('node:') ||
            (isNode(to) && to.startsWith('app/')),
        ),
      ),
    ).toEqual([]);
  });

  it('only the collector’s entry and the command line load the composition root', () => {
    const loading = local.filter(
      ({ to, typeOnly }) => to === 'app/recorder/collector.node.ts' && !typeOnly && !to.startsWith('test/'),
    );
    expect(
      loading
        .map(({ from }) => from)
        .filter((from) => !/^(test|bench)\//.test(from))
        .sort(),
    ).toEqual(['cli/recording.ts', 'main/collector/entry.ts']);
  });

  it('main loads no adapter of the telemetry or the history', () => {
    const shell = local.filter(
      ({ from, to, typeOnly }) =>
        from.startsWith('main/') && !from.startsWith('main/collector/') && isNode(to) && !typeOnly,
    );
    expect(show(shell.filter(({ to }) => !to.startsWith('app/settings/')))).toEqual([]);
  });

  it('nobody depends on tests', () => {
    expect(
      show(local.filter(({ from, to }) => roomOf(to) === 'test' && !['test', 'bench'].includes(roomOf(from)))),
    ).toEqual([]);
  });

  it.each([
    ['koffi', ['app/telemetry/native-library.node.ts']],
    ['re2js', ['app/core/linear-pattern.ts']],
    ['better-sqlite3', ['app/history/file/database.node.ts']],
    ['recharts', ['renderer/charts/bars.tsx', 'renderer/charts/curve.tsx']],
    ['uplot', ['renderer/charts/history-chart.tsx', 'renderer/charts/history-plot.ts', 'renderer/charts/strip.tsx']],
    ['hyparquet', ['app/exchange/parquet.node.ts']],
    ['hyparquet-writer', ['app/exchange/parquet.node.ts']],
  ])('%s is known to %j alone', (name, files) => {
    const importing = edges
      .filter(({ from, to }) => to === name && !/^(test|bench|scripts)\//.test(from))
      .map(({ from }) => from);
    expect([...new Set(importing)].sort()).toEqual(files);
  });

  it('only the terminals write to one: what others chose is made printable there', () => {
    const writing = sources.filter(
      (file) => /^(app|main)\//.test(file) && /\bstd(out|err)\.write\b|\bconsole\./.test(fs.readFileSync(file, 'utf8')),
    );
    expect(writing).toEqual([]);
    const opening = edges.filter(({ from, to }) => to === 'app/core/terminal.ts' && !from.startsWith('test/'));
    expect(opening.map(({ from }) => from).sort()).toEqual(['cli/terminal.ts', 'main/terminal.ts']);
  });

  it('only ipc.ts handles questions of the window', () => {
    const handling = sources.filter(
      (file) => file.startsWith('main/') && /\bipcMain\b/.test(fs.readFileSync(file, 'utf8')),
    );
    expect(handling).toEqual(['main/ipc.ts']);
  });

  it('the heart has no circle of imports', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, typeOnly } of local) {
      if (typeOnly || !from.startsWith('app/')) continue;
      next.set(from, [...(next.get(from) ?? []), to]);
    }
    const circles: string[] = [];
    const done = new Set<string>();
    const walk = (file: string, way: readonly string[]): void => {
      if (way.includes(file)) {
        circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const to of next.get(file) ?? []) walk(to, [...way, file]);
      done.add(file);
    };
    for (const file of next.keys()) walk(file, []);
    expect(circles).toEqual([]);
  });
});
