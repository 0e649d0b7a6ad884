// docs/alert-rules.md: the rules of alerts as the code has them.

const HEADER = `# Alert rules

Made from \`app/alerts\` by \`npm run docs\`. A rule fires when its value stays beyond the limit for the hold time, and clears when it has stayed on the
safe side for the clear time. A gap in recording starts a hold time again and never clears an alert.

- **One message per alert.** Acknowledged and snoozed alerts send none. In quiet hours only critical ones do; warnings wait until the hours end.
- **Flapping.** An alert that comes back within an hour clears later each time: after twice the time, at least a minute, at most half an hour.
- **One cause.** A lost GPU covers every other alert of this GPU. A driver that does not respond covers lost and silent GPUs.
- **Restarts.** An alert that fires continues after a restart of the recorder. A GPU that was there at the end and is missing at the start is lost.

Alerts in the window, and \`alerts.rules\` in \`settings.json\`, change a rule: \`on\`, \`limit\` (within the range below) and \`holdS\`, the hold time in seconds.
An absent field means the value of the rule.

## The check against the last 30 days

The check judges the stored samples as the recorder judged them when they came, from each start of the recorder afresh. It counts the alerts that fired, with
these differences:

- An alert that was firing when the 30 days began counts again.
- Time that was not recorded, or whose full resolution was deleted, is missing. The check says how many hours it could judge.
- A GPU that was missing at a start of the recorder has no samples, so it does not count.
- If the clock was set back, the samples of the repeated time are judged by their stamps.

Rules that watch something else than stored samples cannot be checked. The window says so.

## Rules
`;

const cell = (text) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

/** Where a value comes from: a metric of the catalogue, or a fact that is computed from several. */
const sourceOf = ({ watches }, isMetricKey) => `${isMetricKey(watches) ? 'metric' : 'fact'} \`${watches}\``;

/**
 * @param {{ alertRules: readonly object[], isMetricKey: (key: string) => boolean, words: (rule: object) => { when: string, advice: string },
 *   hasLevel: (rule: object) => boolean, valueOf: (rule: object, value: number) => string, differenceOf: (rule: object, value: number) => string, durationOf: (ms: number) => string }} input
 */
export function alertsPage({ alertRules, isMetricKey, words, hasLevel, valueOf, differenceOf, durationOf }) {
  const rows = alertRules.map((rule) => {
    const { when, advice } = words(rule);
    const limit = typeof rule.limit === 'number' ? valueOf(rule, rule.limit) : 'its limit of the card';
    const sign = rule.condition === 'at-least' ? '≥' : '≤';
    const range = rule.range ? ` (${rule.range.map((value) => valueOf(rule, value)).join(' to ')})` : '';
    return [
      `\`${rule.id}\`${rule.on === false ? ', off' : ''}`,
      rule.severity === 'act' ? 'critical' : 'warning',
      sourceOf(rule, isMetricKey),
      hasLevel(rule) ? `${sign} ${limit}${range}` : 'yes or no',
      durationOf(rule.holdMs),
      `${hasLevel(rule) ? `${differenceOf(rule, rule.hysteresis)}, ` : ''}${durationOf(rule.clearMs)}`,
      when,
      advice,
    ];
  });
  return [
    HEADER,
    '| rule | severity | watches | limit (range) | hold | clears: distance, time | meaning | what to do |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.map(cell).join(' | ')} |`),
    '',
  ].join('\n');
}
