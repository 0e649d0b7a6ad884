// `npm run docs`: writes docs/metrics.md from the metric catalogue, docs/alert-rules.md from the rules, docs/stability.md from the command line and the schemas, the
// columns of docs/format/sessions.md, and the figures of README.md from bench/results.json.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machineOf } from './bench/compare.mjs';
import { alertsPage } from './docs/alerts.mjs';
import { stabilityPage } from './docs/stability.mjs';
import { note, runCommand } from './setup/console.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { oneAtATime } from './setup/lock.mjs';

/** The page as Markdown. */
export function metricsPage(metrics, labels) {
  const code = (names) => (names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', '));
  const rows = metrics.map(
    ({ key, unit, kind, cadence, nvml, xml, csv, doc }) =>
      `| \`${key}\` | ${labels[key]} | ${unit || '–'} | ${kind} | ${cadence} | ${code(nvml)} | ${code(xml)} | ${code(csv)} | ${doc} |`,
  );
  return [
    '# Metrics',
    '',
    'Made from `app/metrics` by `npm run docs`. XML paths are below `<gpu>` of `nvidia-smi -q -x`; CSV names are fields of',
    '`nvidia-smi --query-gpu`. If a cell has several names, Slowburn uses the first that the driver offers.',
    '',
    '| key | name | unit | kind | cadence | NVML | XML | CSV | meaning |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The table of measured figures, from what `npm run bench` wrote. */
export function figuresTable(results) {
  const { app } = results;
  const machine = machineOf(results, 'app');
  const { backToBack, oncePerSecond } = app.cpuMsATick;
  const rows = [
    [
      'CPU per tick, 8 GPUs, one tick after the other',
      `${backToBack.slowburn8Gpus} ms`,
      `${backToBack.nodeNvidiaSmi8Gpus} ms (× ${backToBack.nodeNvidiaSmiToSlowburn8Gpus})`,
    ],
    [
      'CPU per tick, 8 GPUs, one tick per second',
      `${oncePerSecond.slowburn8Gpus} ms`,
      `${oncePerSecond.nodeNvidiaSmi8Gpus} ms (× ${oncePerSecond.nodeNvidiaSmiToSlowburn8Gpus})`,
    ],
    [
      'CPU per tick, 1 GPU, one tick per second',
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
export const readmeWith = (readme, table) => between(MARKS, readme, table);

const ROOM_MARKS = ['<!-- rooms: made by npm run docs -->', '<!-- /rooms -->'];

/** The rooms of app/ in their order, as docs/ARCHITECTURE.md shows them. */
export function roomsPicture(rooms) {
  const width = Math.max(...Object.keys(rooms).map((room) => room.length)) + 3;
  const rows = Object.entries(rooms).map(([room, what]) => `  ${`${room}/`.padEnd(width)}${what}`);
  return ['```', 'app/', ...rows, '```'].join('\n');
}

const COLUMN_MARKS = ['<!-- columns: made by npm run docs -->', '<!-- /columns -->'];

/** The columns of exported sessions. */
export const columnsTable = (columns) =>
  [
    '| column | type | meaning |',
    '| --- | --- | --- |',
    ...columns.map(({ name, type, doc }) => `| \`${name}\` | ${TYPES[type]} | ${doc} |`),
  ].join('\n');
const TYPES = { STRING: 'text', DOUBLE: 'number', TIMESTAMP: 'time' };

/** A text with what lies between two marks replaced. */
export function between([begin, end], text, middle) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The marks ${begin} and ${end} are missing.`);
  return `${text.slice(0, from + begin.length)}\n\n${middle}\n\n${text.slice(to)}`;
}

/** The page of the rules, in the words that the window shows. */
async function alertsText(load, metrics) {
  const { alertRules } = await load('app/alerts/rules.ts');
  const { alertAdvice, hasLevel, ruleText, watchedDifference, watchedValue } = await load('app/alerts/text.ts');
  const { t } = (await load('app/core/i18n.ts')).createI18n('en');
  const format = (await load('app/metrics/format.ts')).createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
  return alertsPage({
    alertRules,
    isMetricKey: (key) => metrics.some((metric) => metric.key === key),
    words: (rule) => ({ when: ruleText(t, format, rule), advice: alertAdvice(t, { rule: rule.id }) }),
    hasLevel: ({ watches }) => hasLevel(watches),
    valueOf: ({ watches }, value) => watchedValue(format, watches, value),
    differenceOf: ({ watches }, value) => watchedDifference(format, watches, value),
    durationOf: (ms) => (ms === 0 ? 'at once' : format.duration(ms)),
  });
}

/** Every generated file: name → text. */
async function generated() {
  const { runnerImport } = await import('vite');
  const read = (name) => fs.readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
  const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../${name}`, import.meta.url)))).module;
  const { metrics } = await load('app/metrics/metrics.ts');
  const { rooms } = await load('test/support/rooms.ts');
  const { en: words } = await load('app/core/locales/en.ts');
  const { settingsSchema, defaultSettings } = await load('app/settings/settings.ts');
  const { sessionColumns } = await load('app/exchange/session-columns.ts');
  const program = (await load('cli/program.ts')).createProgram(() => undefined, await load('cli/commands.ts'));
  const results = JSON.parse(read('bench/results.json'));
  return {
    'docs/metrics.md': metricsPage(metrics, words.metric),
    'docs/alert-rules.md': await alertsText(load, metrics),
    'docs/stability.md': stabilityPage({ program, settingsSchema, defaultSettings, metrics }),
    'docs/format/sessions.md': between(COLUMN_MARKS, read('docs/format/sessions.md'), columnsTable(sessionColumns)),
    'README.md': readmeWith(read('README.md'), figuresTable(results)),
    'docs/ARCHITECTURE.md': between(ROOM_MARKS, read('docs/ARCHITECTURE.md'), roomsPicture(rooms)),
  };
}

/** Writes what is generated, or with --check says what is out of date. */
async function docs({ checkOnly }) {
  await oneAtATime(ensureDependencies);
  const stale = [];
  for (const [name, text] of Object.entries(await generated())) {
    const file = new URL(`../${name}`, import.meta.url);
    if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) continue;
    stale.push(name);
    if (!checkOnly) fs.writeFileSync(file, text);
  }
  if (!checkOnly || stale.length === 0) return 0;
  note(`Out of date: ${stale.join(', ')}. Run: npm run docs`);
  return 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(() => docs({ checkOnly: process.argv.includes('--check') }));
}
