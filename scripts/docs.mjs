// `npm run docs`: writes docs/metrics.md from the metric catalogue, and the figures of README.md from bench/results.json.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCommand } from './setup/console.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { oneAtATime } from './setup/lock.mjs';

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
    'Made from `app/metrics/metrics.ts` by `npm run docs`. XML paths are below `<gpu>` of `nvidia-smi -q -x`; CSV names are fields of',
    '`nvidia-smi --query-gpu`. Where several names stand, the first that the driver offers is taken.',
    '',
    '| key | name | unit | kind | cadence | NVML | XML | CSV | meaning |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The table of measured figures, from what `npm run bench` wrote. */
export function figuresTable({ machine, app }) {
  const { backToBack, oncePerSecond } = app.cpuMsATick;
  const rows = [
    [
      'CPU a tick, 8 GPUs, one after the other',
      `${backToBack.slowburn8Gpus} ms`,
      `${backToBack.nodeNvidiaSmi8Gpus} ms (× ${backToBack.nodeNvidiaSmiToSlowburn8Gpus})`,
    ],
    [
      'CPU a tick, 8 GPUs, once a second',
      `${oncePerSecond.slowburn8Gpus} ms`,
      `${oncePerSecond.nodeNvidiaSmi8Gpus} ms (× ${oncePerSecond.nodeNvidiaSmiToSlowburn8Gpus})`,
    ],
    [
      'CPU a tick, 1 GPU, once a second',
      `${oncePerSecond.slowburn1Gpus} ms`,
      `${oncePerSecond.nodeNvidiaSmi1Gpus} ms (× ${oncePerSecond.nodeNvidiaSmiToSlowburn1Gpus})`,
    ],
    ['Start to first live value, median', `${app.firstValueMs.median} ms`, '–'],
    ['Memory of the whole application (PSS)', `${app.memoryMiB.pssWholeApp} MiB`, '–'],
  ];
  return [
    `Measured by \`npm run bench\` on ${machine.cores} cores (${machine.cpu}), Node ${machine.node}, Electron ${machine.electron}; the driver’s own time is not counted.`,
    '',
    '| | Slowburn | node-nvidia-smi |',
    '| --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

const MARKS = ['<!-- figures: made by npm run docs -->', '<!-- /figures -->'];

/** README with its figures replaced. */
export function readmeWith(readme, table) {
  const [begin, end] = [readme.indexOf(MARKS[0]), readme.indexOf(MARKS[1])];
  return `${readme.slice(0, begin + MARKS[0].length)}\n\n${table}\n\n${readme.slice(end)}`;
}

async function writeDocs() {
  await oneAtATime(ensureDependencies);
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(fileURLToPath(new URL('../app/metrics/metrics.ts', import.meta.url)));
  fs.writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage(module.metrics));
  const readme = new URL('../README.md', import.meta.url);
  const results = JSON.parse(fs.readFileSync(new URL('../bench/results.json', import.meta.url), 'utf8'));
  fs.writeFileSync(readme, readmeWith(fs.readFileSync(readme, 'utf8'), figuresTable(results)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand(writeDocs);
