import fs from 'node:fs';
import { build, type InlineConfig, type Rolldown } from 'vite';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { FIRST_SECTIONS } from '../../scripts/build/page-words.mjs';
import { pageConfig } from '../../scripts/build.mjs';

// What the page loads before the first live value: the entry of index.html, the chunk of Live, and all that these import.

const LIMIT_BYTES = 350_000;

let chunks: Map<string, Rolldown.OutputChunk>;
let first: Rolldown.OutputChunk[];

beforeAll(async () => {
  vi.stubEnv('NODE_ENV', 'production'); // as outside of tests: React has a larger version for development
  const config = pageConfig() as InlineConfig;
  const built = (await build({ ...config, build: { ...config.build, write: false } })) as Rolldown.RolldownOutput;
  vi.unstubAllEnvs();
  const all = built.output.filter((file) => file.type === 'chunk');
  chunks = new Map(all.map((chunk) => [chunk.fileName, chunk]));
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    wanted.add(name);
    chunks.get(name)!.imports.forEach(add);
  };
  for (const { fileName, facadeModuleId } of all)
    if (/renderer\/(index\.html|pages\/live\.tsx)$/.test(facadeModuleId ?? '')) add(fileName);
  first = [...wanted].map((name) => chunks.get(name)!);
}, 120_000);

const modulesOf = (some: Iterable<Rolldown.OutputChunk>): string[] => [...some].flatMap(({ moduleIds }) => moduleIds);

describe('what the page loads before the first live value', () => {
  it(`is at most ${LIMIT_BYTES / 1000} kB of code, minified and uncompressed`, () => {
    const sizes = first.map(({ fileName, code }) => [fileName, Buffer.byteLength(code)] as const);
    const sum = sizes.reduce((all, [, bytes]) => all + bytes, 0);
    expect(first.length).toBeGreaterThan(2);
    expect(sum, JSON.stringify(sizes)).toBeLessThanOrEqual(LIMIT_BYTES);
  });

  it('has none of the UI library, the charts and the schemas', () => {
    const libraries = modulesOf(first).filter((id) => /node_modules\/(@mantine|recharts|uplot|zod)\//.test(id));
    expect(libraries).toEqual([]);
  });

  it('has every word that its own code shows', () => {
    const used = modulesOf(first)
      .filter((id) => /\/renderer\/.*\.tsx?$/.test(id))
      .flatMap((id) =>
        [...fs.readFileSync(id, 'utf8').matchAll(/\bt\(\s*['`](\w+)\./g)].map(([, section]) => section!),
      );
    expect(used.length).toBeGreaterThan(20);
    expect([...new Set(used)].filter((section) => !FIRST_SECTIONS.includes(section))).toEqual([]);
  });

  it('recharts comes with pages that draw its charts alone', () => {
    const withCharts = [...chunks.values()].filter(({ moduleIds }) => moduleIds.some((id) => id.includes('recharts')));
    const users = new Set<string>(withCharts.map(({ fileName }) => fileName));
    for (const { fileName, imports } of chunks.values())
      if (imports.some((name) => users.has(name))) users.add(fileName);
    const pages = [...users].flatMap(
      (name) => chunks.get(name)!.facadeModuleId?.match(/pages\/(\w+)\.tsx$/)?.[1] ?? [],
    );
    expect(pages.sort()).toEqual(['wear', 'workloads']);
  });
});
