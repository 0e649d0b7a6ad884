import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * The rooms of app/, in order: a room imports only from rooms above it, types included. docs/ARCHITECTURE.md is drawn
 * from this list.
 */
export const rooms = {
  core: 'readings, results, clocks, numbers and words, system helpers',
  metrics: 'the metric catalogue: one row per metric; frames of readings',
  telemetry: 'sources behind one port, decoders of logs, the sampler',
  history: 'samples, roll-ups, gaps, GPUs and events in SQLite',
  wear: 'exposure, rainflow, solder; the cooling trend; the ledger of a card',
  health: 'facts and verdicts',
  workload: 'programs, sessions, energy, outputs',
  forecast: 'thermal model, ranges, outcomes',
  governor: 'policy, limit controller, the helper that reverts everything',
  load: 'the stress test',
  alerts: 'facts, rules, engine, episodes, outbox, table',
  report: 'the data of a report and its formats',
  exchange: 'exports and imports',
  exporter: 'Prometheus text',
  jobs: 'long work in a thread',
  settings: 'assembles the settings of the domains',
  contract: 'assembles the table of questions and pushes',
  recorder: 'composition root, tick pipeline, own cost',
} as const;

/** What uses the rooms. None of them is used by a room. */
export const users = ['cli', 'main', 'renderer'] as const;

export type Edge = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

const folders = ['app', ...users, 'test', 'bench', 'scripts', 'tools'];

export const sources = folders.flatMap((folder) =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
        .filter((file) => /\.(ts|tsx|mjs)$/.test(file))
    : [],
);

/** Every module that a source text names, and whether it runs it or only uses its types. */
export function importsOf(file: string, text: string): { readonly name: string; readonly typeOnly: boolean }[] {
  const found: { name: string; typeOnly: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const typeOnly = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      found.push({ name: (node.moduleSpecifier as ts.StringLiteral).text, typeOnly });
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      found.push({ name: node.argument.literal.text, typeOnly: true });
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
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** Where an import leads: a file of the repository, or the name of a package. */
const target = (from: string, name: string): string =>
  name.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(from), name)) : name;

export const edgesOf = (from: string, text: string): Edge[] =>
  importsOf(from, text).map(({ name, typeOnly }) => ({ from, to: target(from, name), typeOnly }));

export const edges: readonly Edge[] = sources.flatMap((from) => edgesOf(from, fs.readFileSync(from, 'utf8')));

/** The room of a file of app/; undefined elsewhere. */
export function roomOf(file: string): string | undefined {
  const [top, room, ...rest] = file.split('/');
  return top === 'app' && rest.length > 0 ? room : undefined;
}

const order = Object.keys(rooms);

/** What is wrong with an import between rooms, as a sentence with the remedy; undefined: nothing. */
export function faultOf({ from, to, typeOnly }: Edge): string | undefined {
  const [a, b] = [roomOf(from), roomOf(to)];
  if (a === undefined || b === undefined || a === b) return undefined;
  if (!order.includes(a))
    return `${from}: app/${a} is not in the list of rooms. Add it to test/support/rooms.ts, in its place.`;
  if (order.indexOf(b) < order.indexOf(a)) return undefined;
  return (
    `${from} → ${to}: ${a} may not know ${b}${typeOnly ? ', not even its types' : ''}. ` +
    `Take it as a parameter with a type of ${a}, or move what both need to a room above ${a}.`
  );
}
