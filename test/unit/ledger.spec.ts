import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedgerStore, readLedgerFile, sha256 } from '../../app/wear/ledger/ledger-store.node.ts';
import { ledgerText, openLedgerText, readLedger, verifyLedger } from '../../app/wear/ledger/ledger-text.ts';
import {
  emptyLedger,
  hoursInOrder,
  ledgerTally,
  mergeLedgers,
  sealDays,
  withCell,
  type Ledger,
} from '../../app/wear/ledger/ledger.ts';
import { HOUR_MS, type HourCell } from '../../app/wear/meter.ts';
import { MODEL_VERSION } from '../../app/wear/model.ts';
import { emptyTally, type EndedTally } from '../../app/wear/tally.ts';
import { temporaryFolder } from '../support/folders.ts';

const START = Date.UTC(2026, 0, 1);

const cells: fc.Arbitrary<HourCell> = fc
  .record({ hour: fc.nat(80), seq: fc.nat(3), observedMs: fc.nat(HOUR_MS), heat: fc.nat(1000) })
  .map(({ hour, seq, observedMs, heat }) => ({
    hourMs: START + hour * HOUR_MS,
    firstMs: START + hour * HOUR_MS,
    modelVersion: MODEL_VERSION,
    seq,
    tally: { ...emptyTally(), observedMs, solder: [heat, heat, heat] },
  }));

const ledgerOf = (list: readonly HourCell[]): Ledger => {
  const ledger = emptyLedger('GPU-1', 'A card');
  for (const cell of list) ledger.hours.set(cell.hourMs, withCell(ledger.hours.get(cell.hourMs), cell));
  return ledger;
};
const ledgers: fc.Arbitrary<Ledger> = fc
  .record({
    list: fc.array(cells, { maxLength: 40 }),
    marks: fc.array(fc.record({ day: fc.nat(3), removed: fc.boolean(), text: fc.constantFrom('a', 'b') })),
  })
  .map(({ list, marks }) => {
    const ledger = ledgerOf(list);
    for (const { day, removed, text } of marks) {
      const mark = { tsMs: START + day, kind: 'cleaning' as const, text, ...(removed ? { removed } : {}) };
      ledger.marks.set(`${mark.tsMs}/cleaning`, mark);
    }
    return ledger;
  });

const merged = (a: Ledger, b: Ledger): Ledger => {
  const result = mergeLedgers(a, b);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const text = (ledger: Ledger): string => ledgerText(ledger, sha256);

describe('merging ledgers', () => {
  it('is idempotent, commutative and associative', () => {
    fc.assert(
      fc.property(ledgers, ledgers, ledgers, (a, b, c) => {
        expect(text(merged(a, a))).toBe(text(a));
        expect(text(merged(a, b))).toBe(text(merged(b, a)));
        expect(text(merged(merged(a, b), c))).toBe(text(merged(a, merged(b, c))));
      }),
    );
  });

  it('counts no hour twice and loses none', () => {
    fc.assert(
      fc.property(ledgers, ledgers, (a, b) => {
        const both = merged(a, b);
        expect([...both.hours.keys()].sort()).toEqual([...new Set([...a.hours.keys(), ...b.hours.keys()])].sort());
        const of = (ledger: Ledger, hourMs: number): number =>
          (ledger.hours.get(hourMs)?.cells ?? []).reduce((sum, { tally }) => sum + tally.observedMs, 0);
        for (const hourMs of both.hours.keys()) {
          expect(of(both, hourMs)).toBe(Math.max(of(a, hourMs), of(b, hourMs)));
        }
      }),
    );
  });

  it('refuses the ledger of another card', () => {
    expect(mergeLedgers(emptyLedger('GPU-1', 'One'), emptyLedger('GPU-2', 'Two'))).toMatchObject({ ok: false });
  });
});

describe('a ledger as text', () => {
  it('gives back what was written, and holds', () => {
    fc.assert(
      fc.property(ledgers, (ledger) => {
        const read = readLedger(text(ledger), sha256);
        if (!read.ok) throw new Error(read.error.message);
        expect(verifyLedger(read.value, sha256).ok).toBe(true);
        expect(text(read.value.ledger)).toBe(text(ledger));
      }),
    );
  });

  it('does not hold when an hour was changed, left out or cut off', () => {
    const ledger = ledgerOf(
      Array.from({ length: 72 }, (_, hour) => ({
        hourMs: START + hour * HOUR_MS,
        firstMs: START + hour * HOUR_MS,
        modelVersion: MODEL_VERSION,
        seq: hour,
        tally: { ...emptyTally(), observedMs: 1000 + hour },
      })),
    );
    const lines = text(ledger).split('\n');
    const holds = (content: string): boolean => {
      const read = readLedger(content, sha256);
      return read.ok && verifyLedger(read.value, sha256).ok;
    };
    expect(holds(lines.join('\n'))).toBe(true);
    for (let i = 1; i <= 72; i++) {
      expect(
        holds(lines.map((line, at) => (at === i ? line.replace('"observedMs":1', '"observedMs":2') : line)).join('\n')),
      ).toBe(false);
      expect(holds(lines.filter((_, at) => at !== i).join('\n'))).toBe(false);
    }
    expect(holds(lines.slice(0, -2).join('\n'))).toBe(false);
    expect(holds(`${lines.join('\n')}\n${lines[1]}`)).toBe(false);
  });

  /** Four days of a card and its events, as a ledger file that still grows. */
  const growing = (): { readonly lines: string[]; readonly holds: (lines: readonly string[]) => boolean } => {
    const ledger = ledgerOf(
      Array.from({ length: 96 }, (_, hour) => ({
        hourMs: START + hour * HOUR_MS,
        firstMs: START + hour * HOUR_MS,
        modelVersion: MODEL_VERSION,
        seq: hour,
        tally: { ...emptyTally(), observedMs: 1000 + hour },
      })),
    );
    for (let day = 0; day < 3; day++) {
      const tsMs = START + day * 24 * HOUR_MS + 5000;
      ledger.windows.set(tsMs, { tsMs, durationMs: 180_000, coreC: 70, powerW: 300, fanPct: 50 });
      ledger.events.set(`${tsMs}`, { tsMs, kind: 'xid', code: 79, text: 'fallen off the bus' });
    }
    return {
      lines: openLedgerText(ledger, sealDays(ledger, sha256)).trimEnd().split('\n'),
      holds(changed) {
        const read = readLedger(changed.join('\n'), sha256);
        return read.ok && verifyLedger(read.value, sha256).ok;
      },
    };
  };

  it('holds no changed number of a sealed day, whether an hour, a window, an event or a seal', () => {
    const { lines, holds } = growing();
    expect(holds(lines)).toBe(true);
    const sealed = lines.filter((line) => {
      const { hour } = JSON.parse(line) as { hour?: { hourMs: number } };
      return !line.includes('"format"') && !(hour && hour.hourMs >= START + 72 * HOUR_MS);
    });
    expect(sealed).toHaveLength(72 + 3 + 3 + 3);
    fc.assert(
      fc.property(fc.constantFrom(...sealed), fc.nat(), fc.integer({ min: 1, max: 9 }), (line, which, by) => {
        const digits = [...line.matchAll(/(?<=[:,[]\d*)\d/g)];
        const at = digits[which % digits.length]!.index;
        const changed = `${line.slice(0, at)}${(Number(line[at]) + by) % 10}${line.slice(at + 1)}`;
        expect(holds(lines.map((each) => (each === line ? changed : each)))).toBe(false);
      }),
    );
    for (const line of sealed) expect(holds(lines.filter((each) => each !== line))).toBe(false);
  });

  it('is refused in a sentence, never with a crash, where a time is none', () => {
    const { lines, holds } = growing();
    for (const wrong of ['9e15', '1e300', '-1e20', '"x"', 'null']) {
      for (const key of ['hourMs', 'dayMs', 'tsMs']) {
        const changed = lines.map((line) => line.replace(new RegExp(`"${key}":-?\\d+`), `"${key}":${wrong}`));
        expect(holds(changed)).toBe(false);
      }
    }
  });
});

describe('a ledger file', () => {
  const cell = (hour: number, observedMs = 1000): HourCell => ({
    hourMs: START + hour * HOUR_MS,
    firstMs: START + hour * HOUR_MS,
    modelVersion: MODEL_VERSION,
    seq: hour,
    tally: { ...emptyTally(), observedMs },
  });

  it('of an earlier version keeps its seals, and adds no throttled time that was counted where nothing was known', () => {
    const counterTimes = { powerCap: 0, swThermal: 0, hwThermal: 0, powerBrake: 0 };
    const ledger = emptyLedger('GPU-1', 'A card');
    for (let hour = 0; hour < 50; hour++) {
      const tally: EndedTally = { ...cell(hour).tally, throttledMs: counterTimes };
      Reflect.deleteProperty(tally, 'throttled');
      ledger.hours.set(START + hour * HOUR_MS, withCell(undefined, { ...cell(hour), tally }));
    }
    const read = readLedger(ledgerText(ledger, sha256), sha256);
    if (!read.ok) throw new Error(read.error.message);
    expect(verifyLedger(read.value, sha256).ok).toBe(true);
    const sum = ledgerTally(read.value.ledger, MODEL_VERSION);
    expect(sum.throttled).toEqual(emptyTally().throttled);
    expect(sum).not.toHaveProperty('throttledMs');
  });

  it('is there after a restart, seals its days, and takes the same hour again without counting it twice', () => {
    const folder = temporaryFolder();
    const file = openLedgerStore(folder).open('GPU-1', 'A card');
    for (let hour = 0; hour < 50; hour++) file.append([{ hour: cell(hour) }]);
    file.append([{ hour: cell(49) }]);
    const again = openLedgerStore(folder).open('GPU-1', 'A card');
    expect(hoursInOrder(again.ledger())).toHaveLength(50);
    expect(ledgerTally(again.ledger(), MODEL_VERSION).observedMs).toBe(50_000);
    const read = readLedgerFile(path.join(folder, 'GPU-1.jsonl'));
    if (!read.ok) throw new Error(read.error.message);
    expect(read.value.seals).toHaveLength(2);
    expect(verifyLedger(read.value, sha256).ok).toBe(true);
  });

  it('seals what a crash left unsealed, and seals a day again when content is added late', () => {
    const folder = temporaryFolder();
    const name = path.join(folder, 'GPU-1.jsonl');
    const holds = (): boolean => {
      const read = readLedgerFile(name);
      return read.ok && verifyLedger(read.value, sha256).ok;
    };
    const file = openLedgerStore(folder).open('GPU-1', 'A card');
    for (let hour = 0; hour < 50; hour++) file.append([{ hour: cell(hour) }]);
    file.append([{ event: { tsMs: START + 1, kind: 'xid', code: 13, text: '' } }]);
    file.append([{ window: { tsMs: START + 30 * HOUR_MS, durationMs: 1, coreC: 1, powerW: 1, fanPct: 1 } }]);
    expect(holds()).toBe(true);
    const unsealed = fs
      .readFileSync(name, 'utf8')
      .split('\n')
      .filter((line) => !line.includes('"seal"'));
    fs.writeFileSync(name, unsealed.join('\n'));
    expect(holds()).toBe(false);
    openLedgerStore(folder).open('GPU-1', 'A card');
    expect(holds()).toBe(true);
  });

  it('loses only the torn last line when the power fails while it is written', () => {
    const folder = temporaryFolder();
    const file = openLedgerStore(folder).open('GPU-1', 'A card');
    file.append([{ hour: cell(0) }, { hour: cell(1) }]);
    const name = path.join(folder, 'GPU-1.jsonl');
    fs.truncateSync(name, fs.statSync(name).size - 40);
    const again = openLedgerStore(folder).open('GPU-1', 'A card');
    expect(hoursInOrder(again.ledger())).toHaveLength(1);
    again.append([{ hour: cell(1) }]);
    expect(hoursInOrder(openLedgerStore(folder).open('GPU-1', 'A card').ledger())).toHaveLength(2);
  });

  it('is moved aside, not deleted, when it is no ledger any more', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'GPU-1.jsonl'), 'something else');
    expect(hoursInOrder(openLedgerStore(folder).open('GPU-1', 'A card').ledger())).toEqual([]);
    expect(fs.readdirSync(folder).filter((name) => name.includes('damaged'))).toHaveLength(1);
  });
});
