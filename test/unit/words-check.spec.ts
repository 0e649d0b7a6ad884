import { describe, expect, it } from 'vitest';
import { keysOf, literalSentences, unusedKeys } from '../../scripts/check/keys.mjs';

const words = {
  metric: { powerW: 'Power' },
  cli: { done_one: '1', done_other: '2', gone: '' },
  health: { xid: { a: '' } },
};

describe('the check of the language file', () => {
  it('lists every key', () => {
    expect(keysOf(words)).toEqual(['metric.powerW', 'cli.done_one', 'cli.done_other', 'cli.gone', 'health.xid.a']);
  });

  it.each([
    ["text('cli.gone')", ['metric.powerW', 'cli.done_one', 'cli.done_other', 'health.xid.a']],
    ["text('cli.done', { count })", ['metric.powerW', 'cli.gone', 'health.xid.a']],
    ['t(`metric.${key}`)', ['cli.done_one', 'cli.done_other', 'cli.gone', 'health.xid.a']],
    ['t(`health.${finding}`)', ['metric.powerW', 'cli.done_one', 'cli.done_other', 'cli.gone']],
    ['t(`${section}.gone`)', ['metric.powerW', 'cli.done_one', 'cli.done_other', 'cli.gone', 'health.xid.a']],
  ])('finds the keys that %s does not use', (source, unused) => {
    expect(unusedKeys(keysOf(words), [['a.ts', source]])).toEqual(unused);
  });

  it.each([
    ["err('busy', 'Another program records.')", 'Another program records.'],
    ["err('busy', text('a.b'), 'Close it.')", 'Close it.'],
    ['err("busy", `There is no file ${file}.`)', 'There is no file  .'],
    ["err('busy', late ? 'Too late.' : text('a.b'))", 'Too late.'],
    ["notes.say('Done.')", 'Done.'],
    ["new InvalidArgumentError('Give a number.')", 'Give a number.'],
    ["new Option('--a', 'what it does')", 'what it does'],
    ["const error = { message: 'It failed.' }", 'It failed.'],
    ['const a = <p>All is well.</p>', 'All is well.'],
    ["const a = <p>{late ? 'Too late.' : t('a.b')}</p>", 'Too late.'],
    ['const a = <img alt="A card" />', 'A card'],
    ['const a = <Field label={`Limit of ${gpu}`} />', 'Limit of'],
    ['html`<p class="quiet">${count} cards</p>`', 'cards'],
  ])('finds the sentence in %s', (source, sentence) => {
    expect(literalSentences([['a.tsx', source]])).toEqual([
      `a.tsx:1: "${sentence}": put it into app/core/locales/en.ts and use text('…')`,
    ]);
  });

  it.each([
    "err('busy', text('a.b'))",
    'out.say(`${a} · ${b} W`)',
    "new Error('a bug of ours')",
    "new Option('--a <file>', text('a.b'))",
    'const a = <p>{t("a.b")} {value} W</p>',
    'const a = <p>{state === "running" && t("a.b")}</p>',
    'const row = { title: "nav.live" }',
    'const a = <p className="quiet" title={t("a.b")}><Code>slowburn run -- python a.py</Code></p>',
    'html`<p class="quiet">${t("a.b")}</p>`',
  ])('finds nothing in %s', (source) => expect(literalSentences([['a.tsx', source]])).toEqual([]));
});
