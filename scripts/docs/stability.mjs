// docs/stability.md: what may change, and how you learn of it. Rows come from the command line, the settings schema, the metric
// catalogue and the list of formats below; only the exceptions from `stable` are written here.

const INTRO = `# Stability

Made by \`npm run docs\`. This page says what scripts and other programs may rely on.

| level | meaning |
| --- | --- |
| stable | Changes only with a new major version (before 1.0: a new minor version). CHANGELOG.md announces the change. A renamed option or settings key still works for at least one more such version and prints a hint. |
| experimental | May change in any version. CHANGELOG.md says so. |
| deprecated | Still works and prints a hint. The next major version (before 1.0: the next minor version) may remove it. |

Everything that is not on this page may change at any time: internal modules, the layout of the window, log messages, and the text that commands
print for people. Scripts should use \`--json\`. Exit codes are stable: 0 success, 1 failure, 2 wrong usage; \`run\` ends with the code of its command.
`;

/** Commands, settings and metrics that are not stable yet, by their full name. */
const EXPERIMENTAL = new Set(['sweep', 'meter', 'governor']);

/** Files that Slowburn writes for longer than one run, and documents that it prints for programs. */
export const formats = [
  [
    'history.db',
    'the recorder',
    '`user_version` of the SQLite file',
    'stable',
    '[format/history.md](format/history.md); older versions are upgraded; newer ones are refused before a byte changes',
  ],
  [
    'prices.json',
    '`slowburn tariff import`, the window',
    '`version`',
    'experimental',
    '[format/history.md](format/history.md)',
  ],
  ['secrets.json', 'the window, `slowburn alerts secret`', 'none', 'stable', '[alerts.md](alerts.md)'],
  [
    'messages of the alert channels (JSON)',
    'the recorder',
    '`version`',
    'stable',
    '[alerts.md](alerts.md); fields are added, never renamed',
  ],
  ['settings.json', 'the window', 'none: unknown fields are kept', 'stable', 'fields: see below'],
  [
    'ledger (JSON lines)',
    'the recorder, `slowburn ledger export`',
    '`format`, `version`',
    'stable',
    '[format/ledger.md](format/ledger.md)',
  ],
  ['CSV export', '`slowburn export`', 'the header line', 'stable', '[format/exports.md](format/exports.md)'],
  ['JSON lines export', '`slowburn export`', '`format`, `version`', 'stable', '[format/exports.md](format/exports.md)'],
  ['Parquet export', '`slowburn export`', 'metadata keys', 'stable', '[format/exports.md](format/exports.md)'],
  [
    'recording',
    '`slowburn monitor --record`',
    '`format`, `version`',
    'stable',
    '[format/recording.md](format/recording.md); `--source replay:FILE` plays it',
  ],
  [
    'sessions (CSV, JSON, Parquet)',
    '`slowburn sessions`',
    'the names of the columns',
    'stable',
    '[format/sessions.md](format/sessions.md); columns and states are added, never renamed',
  ],
  ['report (JSON)', 'the report page', '`version`', 'experimental', ''],
  [
    '`read --json`, `doctor --json`, `wear --json`',
    'the command line',
    'none',
    'stable',
    'fields are added, never renamed',
  ],
]; // one row each; the page adds nothing

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;

const levelOf = (name) => (EXPERIMENTAL.has(name.split(/[ .]/)[0]) ? 'experimental' : 'stable');

/** Each command with its options, depth first. */
export function optionRows(program, path = []) {
  const name = path.join(' ');
  const own = [
    ...program.registeredArguments.map((argument) => [
      argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      argument.description,
    ]),
    ...program.options.map((option) => [option.flags, option.description, option.hidden]),
  ].map(([flags, what, hidden]) => [
    code(name || 'slowburn'),
    code(flags),
    hidden ? 'deprecated' : levelOf(name),
    what ?? '',
  ]);
  const rows =
    own.length === 0 && program.commands.length === 0 ? [[code(name), '–', levelOf(name), program.description()]] : own;
  return [...rows, ...program.commands.flatMap((command) => optionRows(command, [...path, command.name()]))];
}

/** Every field of a zod object by its dotted name; a field with a default is looked through. */
export function settingRows(schema, defaults, prefix = '') {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const inner = typeof field.unwrap === 'function' && field.def?.type === 'default' ? field.unwrap() : field;
    const value = defaults?.[key];
    if (inner.shape) return settingRows(inner, value, `${name}.`);
    return [[code(name), levelOf(name), value === undefined ? '–' : code(JSON.stringify(value))]];
  });
}

/** The page as Markdown. */
export function stabilityPage({ program, settingsSchema, defaultSettings, metrics }) {
  return [
    INTRO,
    '## Command line\n',
    table(['command', 'option or argument', 'stability', 'meaning'], optionRows(program)),
    '\n## Settings keys\n',
    table(['key', 'stability', 'default'], settingRows(settingsSchema, defaultSettings)),
    '\n## File formats\n',
    table(['format', 'written by', 'version', 'stability', 'notes'], formats),
    '\n## Metric keys\n',
    'Keys of the history, of exports and of `--json`. [metrics.md](metrics.md) describes them.\n',
    table(
      ['key', 'unit', 'stability'],
      metrics.map(({ key, unit }) => [code(key), unit || '–', levelOf(key)]),
    ),
    '',
  ].join('\n');
}
