import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { follow, GRACE_MS, mature, type GracedLimit } from '../../app/history/retention/grace.ts';
import { editSettings, textOf } from '../../app/settings/edit-settings.ts';
import { readSettings } from '../../app/settings/read-settings.ts';
import { text as sentence } from '../../app/core/i18n.ts';
import { renamedKeys } from '../../app/settings/renamed-keys.ts';
import { settingsNotices } from '../../app/settings/report-words.ts';
import { defaultSettings, settingsSchema, type Settings } from '../../app/settings/settings.ts';

const BOTH = ['retentionDays', 'historyCapMb'];
const limits = '"retentionDays": 90, "historyCapMb": null';
const band = (fromMin: unknown) => ({ days: 'all', fromMin, toMin: 60, pricePerKwh: 0.2 });

type Case = readonly [
  name: string,
  text: string,
  problems: readonly (readonly [string, number | null])[],
  suspended: readonly string[],
  kept: Partial<Settings>,
];
const cases: readonly Case[] = [
  ['an empty file', '', [['', 1]], BOTH, {}],
  ['blank lines', '\n\n', [['', 1]], BOTH, {}],
  ['a file cut off in a number', '{\n"theme": "dark",\n"retentionDays": 36', [['', 3]], BOTH, { theme: 'system' }],
  ['a file cut off after a field', '{\n"retentionDays": 365,', [['', 2]], BOTH, {}],
  ['two objects', `{${limits}}\n{}`, [['', 2]], BOTH, {}],
  ['a list', '[]', [['', 1]], BOTH, {}],
  ['null', 'null', [['', 1]], BOTH, {}],
  ['too deep a nesting', '['.repeat(300_000), [['', null]], BOTH, {}],
  [
    'a theme of a later version',
    `{${limits},\n"theme": "sepia",\n"intervalMs": 500}`,
    [['theme', 2]],
    [],
    { intervalMs: 500, retentionDays: 90 },
  ],
  [
    'days as text',
    '{"intervalMs": 500,\n"retentionDays": "365",\n"historyCapMb": 900}',
    [['retentionDays', 2]],
    ['retentionDays'],
    { intervalMs: 500, historyCapMb: 900 },
  ],
  ['no days', '{"retentionDays": 0, "historyCapMb": 900}', [['retentionDays', 1]], ['retentionDays'], {}],
  ['half a day', '{"retentionDays": 0.5, "historyCapMb": 900}', [['retentionDays', 1]], ['retentionDays'], {}],
  ['endless days', '{"retentionDays": 1e999, "historyCapMb": 900}', [['retentionDays', 1]], ['retentionDays'], {}],
  [
    'a size below the least',
    '{"retentionDays": 90, "historyCapMb": 49}',
    [['historyCapMb', 1]],
    ['historyCapMb'],
    { retentionDays: 90 },
  ],
  [
    'days given twice',
    '{"retentionDays": 365,\n"retentionDays": 1, "historyCapMb": null}',
    [['retentionDays', 2]],
    ['retentionDays'],
    { historyCapMb: null },
  ],
  ['no limits', '{"intervalMs": 500}', [], BOTH, { intervalMs: 500 }],
  ['a field of a later version', `{${limits}, "colour": {"a": 1}}`, [], [], { retentionDays: 90 }],
  ['comments and a last comma', `{// mine\n${limits}, /* so */ "theme": "dark",\n}`, [], [], { theme: 'dark' }],
  [
    'a wrong limit of the governor',
    `{${limits},\n"governor": {"enabled": true,\n"powerW": "much", "coreTempC": 70}}`,
    [['governor.powerW', 3]],
    [],
    { governor: { ...defaultSettings.governor, enabled: true, coreTempC: 70 } },
  ],
  [
    'one wrong tariff of three',
    JSON.stringify({ retentionDays: 90, historyCapMb: null, tariff: [band(0), band('x'), band(5)] }),
    [['tariff.1.fromMin', 1]],
    [],
    { tariff: [band(0), band(5)] as never },
  ],
  [
    'too many tariffs',
    JSON.stringify({ retentionDays: 90, historyCapMb: null, tariff: Array.from({ length: 30 }, () => band(0)) }),
    [['tariff', 1]],
    [],
    { tariff: Array.from({ length: 24 }, () => band(0)) as never },
  ],
  [
    'one wrong program',
    JSON.stringify({
      retentionDays: 90,
      historyCapMb: null,
      programs: [
        { contains: 'x', name: 'X', kind: 'diffusion' },
        { contains: '', name: 'Y', kind: 'diffusion' },
      ],
    }),
    [['programs.1.contains', 1]],
    [],
    { programs: [{ contains: 'x', name: 'X', kind: 'diffusion' }] },
  ],
];

describe('settings that a person wrote', () => {
  it.each(cases)(
    'with %s keep what is valid, and say which field on which line is not',
    (_, text, problems, suspended, kept) => {
      const read = readSettings(text);
      expect(read.problems.map(({ field, line }) => [field, line])).toEqual(problems);
      expect(read.suspended).toEqual(suspended);
      expect(read.settings).toMatchObject(kept);
      for (const { message } of read.problems) expect(message).not.toBe('');
    },
  );

  it('always give complete settings, whatever stands in a field, and keep all other fields', () => {
    const field = fc.constantFrom(...(Object.keys(defaultSettings) as (keyof Settings)[]));
    fc.assert(
      fc.property(field, fc.jsonValue(), (key, value) => {
        const read = readSettings(JSON.stringify({ ...defaultSettings, intervalMs: 700, [key]: value }, null, 1));
        expect(settingsSchema.safeParse(read.settings).success).toBe(true);
        if (key !== 'intervalMs') expect(read.settings.intervalMs).toBe(700);
        const valid = settingsSchema.shape[key].safeParse(value).success;
        if (!valid) expect(read.problems[0]!.field.split('.')[0]).toBe(key);
        if (key === 'retentionDays') expect(read.suspended).toEqual(valid ? [] : [key]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['"theme": "sepia"', 'theme (line 2): It must be one of these: system, dark, light.'],
    ['"intervalMs": "500"', 'intervalMs (line 2): It must be a number, without quotes.'],
    ['"intervalMs": 0.5', 'intervalMs (line 2): It must be a whole number, without quotes.'],
    ['"notifications": "yes"', 'notifications (line 2): It must be true or false, without quotes.'],
    ['"pricePerKwh": "0.30"', 'pricePerKwh (line 2): It must be a number, without quotes.'],
    ['"governor": 3', 'governor (line 2): It must be a group of settings in braces.'],
    ['"governor": {\n"coreTempC": 20}', 'governor.coreTempC (line 3): It must be 40 or more.'],
    ['"governor": {\n"coreTempC": 200}', 'governor.coreTempC (line 3): It must be 100 or less.'],
    ['"programs": {}', 'programs (line 2): It must be a list in square brackets.'],
    [
      '"programs": [\n{"contains": "", "name": "A", "kind": "llm"}]',
      'programs.0.contains (line 3): It must not be empty.',
    ],
    ['"programs": [\n{"contains": "x", "kind": "llm"}]', 'programs.0.name (line 3): It is missing.'],
    [
      '"programs": [\n{"contains": 1, "name": "A", "kind": "llm"}]',
      'programs.0.contains (line 3): It must be text in quotes.',
    ],
    [
      `"programs": [{"contains": "${'x'.repeat(300)}", "name": "A", "kind": "llm"}]`,
      'programs.0.contains (line 2): It must be at most 200 characters long.',
    ],
    ['"currency": "Euro"', 'currency (line 2): It does not have the right form.'],
    [
      '"alerts": {"rules": {"gpu-lost": {"limit": 3}}}',
      'alerts.rules.gpu-lost.limit (line 2): It cannot be changed. Remove it.',
    ],
    ['"theme" "dark"', 'Line 2: It is not valid JSON: a colon is missing.'],
    ['"theme": "dark" "intervalMs": 3', 'Line 2: It is not valid JSON: a comma is missing.'],
    ['"theme": ', 'Line 3: It is not valid JSON: a value is missing.'],
    ['"theme": "dark', 'Line 2: It is not valid JSON: a closing quote is missing.'],
    ['"theme": "dark"}}', 'Line 2: It is not valid JSON: there is more text after the end of the settings.'],
    ['theme: "dark"', 'Line 2: It is not valid JSON: a character is not allowed here.'],
  ])('with %j say what to write instead', (field, sentenceThen) => {
    const { problems } = readSettings(`{${limits},\n${field}\n}`);
    const [notice] = settingsNotices(
      { file: '/settings.json', problems: [...problems], former: [], suspended: [] },
      sentence,
    );
    expect(notice!.lines).toEqual([sentenceThen]);
  });

  it('are described without the words of a validator, whatever stands in a field', () => {
    const field = fc.constantFrom(...Object.keys(defaultSettings));
    fc.assert(
      fc.property(field, fc.jsonValue(), (key, value) => {
        for (const { message } of readSettings(JSON.stringify({ [key]: value })).problems)
          expect(message).toMatch(/^(It|This|Only) [^"<>]+\.$/);
      }),
      { numRuns: 500 },
    );
  });

  it('never throw, whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json().map((json) => json.slice(1)),
        ),
        (text) => {
          const read = readSettings(text);
          expect(settingsSchema.safeParse(read.settings).success).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keep comments, fields of a later version and unreadable values when another field changes', () => {
    const text = `{\n  // ours\n  "theme": "sepia", "later": [1],\n  "governor": {"enabled": true, "newLimit": 7},\n  ${limits}\n}\n`;
    const edited = editSettings(text, { intervalMs: 500, governor: { ...defaultSettings.governor, powerW: 200 } });
    expect(edited).toContain('// ours');
    expect(edited).toContain('"theme": "sepia", "later": [1]');
    expect(edited).toContain('"newLimit": 7');
    const { settings, problems } = readSettings(edited);
    expect(settings).toMatchObject({ intervalMs: 500, retentionDays: 90, governor: { powerW: 200, enabled: false } });
    expect(problems).toMatchObject([{ field: 'theme' }]);
  });

  it('are read back as they were changed, one field after the other', () => {
    const change = fc.constantFrom<Partial<Settings>>(
      { theme: 'dark' },
      { retentionDays: 7 },
      { historyCapMb: null },
      { tariff: [band(3)] as never },
      { governor: { ...defaultSettings.governor, quietHours: { fromMin: 1, toMin: 2 } } },
      { governor: defaultSettings.governor },
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const text = changes.reduce(editSettings, textOf(defaultSettings, []));
        expect(readSettings(text)).toMatchObject({
          settings: Object.assign({}, defaultSettings, ...changes),
          problems: [],
          suspended: [],
        });
      }),
    );
  });
  it('given twice are given once after a change', () => {
    const text = editSettings('{"retentionDays": 1, "x": 2, "retentionDays": 3}', { retentionDays: 30 });
    expect(text.match(/retentionDays/g)).toHaveLength(1);
    expect(readSettings(text).settings.retentionDays).toBe(30);
  });
});

describe('settings keys that were renamed', () => {
  const renamed = { colours: 'theme', 'history.days': 'retentionDays', 'governor.watts': 'governor.powerW' };

  it('still work, are named with their line and what they are called now, and suspend no deletion', () => {
    const text = `{
"colours": "dark", "historyCapMb": 900,
"history": { "days": 90 },
"governor": { "enabled": true, "watts": 250 } }`;
    const { settings, problems, former, suspended } = readSettings(text, renamed);
    expect(settings).toMatchObject({ theme: 'dark', retentionDays: 90, governor: { enabled: true, powerW: 250 } });
    expect([problems, suspended]).toEqual([[], []]);
    expect(former).toEqual([
      { field: 'colours', line: 2, now: 'theme' },
      { field: 'history.days', line: 3, now: 'retentionDays' },
      { field: 'governor.watts', line: 4, now: 'governor.powerW' },
    ]);
    const [notice] = settingsNotices(
      { file: '/settings.json', problems, former: [...former], suspended: [] },
      sentence,
    );
    expect(notice!.lines).toContain('governor.watts (line 4) is now called governor.powerW.');
  });

  it('give way to the key of today, so that a change in the window counts', () => {
    const text = editSettings(`{${limits}, "colours": "dark"}`, { theme: 'light' });
    expect(readSettings(text, renamed)).toMatchObject({ settings: { theme: 'light' }, former: [{ field: 'colours' }] });
  });

  it('are checked like the key of today', () => {
    const { settings, problems } = readSettings(`{${limits}, "colours": "sepia"}`, renamed);
    expect([settings.theme, problems]).toMatchObject(['system', [{ field: 'theme' }]]);
  });

  it('are those of earlier versions', () => {
    const text = `{${limits}, "governor": {"enabled": true, "mayCap": true}}`;
    expect(readSettings(text)).toMatchObject({
      settings: { governor: { enabled: true, maySetLimit: true } },
      former: [{ field: 'governor.mayCap', now: 'governor.maySetLimit' }],
    });
  });

  it('are named once only: no former key is a key of today', () => {
    for (const [former, now] of Object.entries(renamedKeys)) {
      expect(defaultSettings).toHaveProperty(now);
      expect(defaultSettings).not.toHaveProperty(former);
    }
  });
});

describe('a tighter limit of the history', () => {
  const HOUR = 3_600_000;
  const inForce = (limit: GracedLimit, nowMs: number) => mature(limit, nowMs, nowMs).inForce;

  it('holds after 24 hours and not a moment before', () => {
    const limit = follow({ inForce: 365 }, 1, 0);
    expect(inForce(limit, GRACE_MS - 1)).toBe(365);
    expect(inForce(limit, GRACE_MS)).toBe(1);
  });
  it('is undone by setting the old one', () =>
    expect(follow(follow({ inForce: 365 }, 1, 0), 365, HOUR)).toEqual({ inForce: 365 }));
  it('gives way at once to a looser one', () => {
    expect(follow({ inForce: 30 }, 31, 0)).toEqual({ inForce: 31 });
    expect(follow({ inForce: 30 }, null, 0)).toEqual({ inForce: null });
  });
  it('waits again if it becomes tighter still, and not if it becomes looser', () => {
    const limit = follow({ inForce: 365 }, 10, 0);
    expect(follow(limit, 9, HOUR).pending).toEqual({ value: 9, sinceMs: HOUR });
    expect(follow(limit, 11, HOUR).pending).toEqual({ value: 11, sinceMs: 0 });
  });
  it('is forgotten while the settings do not give it; the one before is remembered', () => {
    const lost = follow(follow({ inForce: 365 }, 1, 0), undefined, HOUR);
    expect(lost).toEqual({ inForce: 365 });
    expect(follow(lost, 1, 48 * HOUR).pending).toEqual({ value: 1, sinceMs: 48 * HOUR });
  });
  it('is not hurried by a clock that was set ahead, nor put off by one that was set back', () => {
    const limit = follow({ inForce: 365 }, 1, 1000 * HOUR);
    expect(mature(limit, 99_999 * HOUR, 1001 * HOUR).inForce).toBe(365);
    expect(mature(limit, 10 * HOUR, 10 * HOUR).pending).toEqual({ value: 1, sinceMs: 10 * HOUR });
  });
  it('never takes hold within a day of being asked for, whatever else is asked for meanwhile', () => {
    const wanted = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant(null), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), wanted)), (steps) => {
        let [nowMs, limit, sinceTighter] = [0, { inForce: 365 } as GracedLimit, 0];
        let last: number | null | undefined = 365;
        for (const [hours, want] of steps) {
          nowMs += hours * HOUR;
          const before = limit.inForce;
          limit = mature(limit, nowMs, nowMs);
          // what holds now was asked for, or something as tight was, for a whole day
          if ((limit.inForce ?? Infinity) < (before ?? Infinity))
            expect(nowMs - sinceTighter).toBeGreaterThanOrEqual(GRACE_MS);
          limit = follow(limit, want, nowMs);
          if (want === undefined || last === undefined || (want ?? Infinity) < (last ?? Infinity)) sinceTighter = nowMs;
          last = want;
        }
      }),
    );
  });
});
