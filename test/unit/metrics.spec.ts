import fs from 'node:fs';
import { expect, it } from 'vitest';
import { columnOf, metrics } from '../../app/metrics.ts';
import { figuresTable, metricsPage, readmeWith } from '../../scripts/docs.mjs';

const unique = (values: readonly unknown[]) => new Set(values).size === values.length;

it('gives every metric its own key, storage id and column', () => {
  expect(unique(metrics.map(({ key }) => key))).toBe(true);
  expect(unique(metrics.map(({ id }) => id))).toBe(true);
  expect(unique(metrics.map(({ key }) => columnOf(key)))).toBe(true);
});

it('names a way to read each metric and where its meaning is documented', () => {
  for (const { key, nvml, xml, doc } of metrics) {
    expect(nvml.length + xml.length, key).toBeGreaterThan(0);
    expect(doc.length, key).toBeGreaterThan(10);
  }
});

it('is what docs/metrics.md says', () => {
  expect(fs.readFileSync('docs/metrics.md', 'utf8')).toBe(metricsPage(metrics));
});

it('and the figures of the README are those that the benchmark wrote', () => {
  const readme = fs.readFileSync('README.md', 'utf8');
  const results = JSON.parse(fs.readFileSync('bench/results.json', 'utf8'));
  expect(readme).toBe(readmeWith(readme, figuresTable(results)));
});
