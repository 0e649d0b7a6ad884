import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { edges, edgesOf, faultOf, roomOf, rooms, sources, users, type Edge } from './support/rooms.ts';

// The walls of docs/ARCHITECTURE.md, read from the imports themselves. A failing test prints the edge that offends.

const topOf = (file: string): string => file.split('/')[0]!;
const isNode = (file: string): boolean => file.endsWith('.node.ts');
const show = (offending: readonly Edge[]): string[] => offending.map(({ from, to }) => `${from} → ${to}`);
const local = edges.filter(({ to }) => sources.includes(to));

describe('the walls of the house', () => {
  it('has found the code', () => expect(local.length).toBeGreaterThan(100));

  it('rooms know only rooms above them, types included', () => {
    expect(edges.flatMap((edge) => faultOf(edge) ?? [])).toEqual([]);
  });

  it.each([
    ["import type { Store } from '../recorder/store.ts';", /history may not know recorder, not even its types/],
    ["import { x } from '../cellar/x.ts';", undefined],
  ])('%j in the history is seen', (text, fault) => {
    const [edge] = edgesOf('app/history/history.ts', text);
    if (fault) expect(faultOf(edge!)).toMatch(fault);
    else expect(roomOf(edge!.to)).toBe('cellar');
  });

  it('an unknown room is named, with what to do', () => {
    expect(faultOf({ from: 'app/cellar/a.ts', to: 'app/core/result.ts', typeOnly: false })).toMatch(
      /app\/cellar is not in the list of rooms\. Add it/,
    );
  });

  it('every file of app is in a room, and every room has files or is announced', () => {
    const files = sources.filter((file) => file.startsWith('app/'));
    expect(files.filter((file) => !Object.hasOwn(rooms, roomOf(file) ?? ''))).toEqual([]);
    const empty = Object.keys(rooms).filter((room) => !files.some((file) => roomOf(file) === room));
    expect(empty).toEqual(['forecast', 'exporter']); // room is left for them
  });

  it('what uses the rooms is used by none of them', () => {
    expect(
      show(local.filter(({ from, to }) => topOf(from) === 'app' && users.some((user) => to.startsWith(`${user}/`)))),
    ).toEqual([]);
  });

  it('app knows only app', () => {
    expect(show(local.filter(({ from, to }) => topOf(from) === 'app' && topOf(to) !== 'app'))).toEqual([]);
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
            topOf(to) === 'main' ||
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
    expect(show(shell.filter(({ to }) => !/^app\/(settings|core|recorder\/socket)\//.test(to)))).toEqual([]);
  });

  it('nothing depends on tests', () => {
    expect(
      show(local.filter(({ from, to }) => topOf(to) === 'test' && !['test', 'bench'].includes(topOf(from)))),
    ).toEqual([]);
  });

  it.each([
    ['koffi', ['app/telemetry/native-library.node.ts']],
    ['re2js', ['app/core/linear-pattern.ts']],
    ['better-sqlite3', ['app/history/db.ts', 'app/history/file/database.node.ts']],
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
