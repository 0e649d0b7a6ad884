// `npm run docs`: writes docs/metrics.md from the metric catalogue.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The page as Markdown. */
export function metricsPage(metrics) {
  const code = (names) => (names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', '));
  const rows = metrics.map(
    ({ key, label, unit, kind, cadence, nvml, xml, csv, doc }) =>
      `| \`${key}\` | ${label} | ${unit || '–'} | ${kind} | ${cadence} | ${code(nvml)} | ${code(xml)} | ${code(csv)} | ${doc} |`,
  );
  return [
    '# Metrics',
    '',
    'Made from `app/metrics.ts` by `npm run docs`. XML paths are below `<gpu>` of `nvidia-smi -q -x`; CSV names are fields of',
    '`nvidia-smi --query-gpu`. Where several names stand, the first that the driver offers is taken.',
    '',
    '| key | name | unit | kind | cadence | NVML | XML | CSV | meaning |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(fileURLToPath(new URL('../app/metrics.ts', import.meta.url)));
  fs.writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage(module.metrics));
}
