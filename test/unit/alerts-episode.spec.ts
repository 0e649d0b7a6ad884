import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEntry, dueToTell, phaseOf, uncovered, type AlertEntry } from '../../app/alerts/episode.ts';
import { createAlertOutbox, type Post } from '../../app/alerts/outbox.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { firedEntry } from '../support/alerts.ts';

const WARN = 'core-near-slowdown' as const;
const ACT = 'core-at-slowdown' as const;
const alertOf = (
  rule: AlertRuleId,
  change: Partial<StoredAlert> = {},
  gpuUuid: string | null = 'GPU-1',
): StoredAlert => ({
  ...applyEntry([], firedEntry(rule, 1000, gpuUuid), 7)[0]!,
  ...change,
});
const names = (alerts: readonly StoredAlert[]) => alerts.map(({ gpuUuid, rule }) => `${gpuUuid} ${rule}`);

describe('an episode', () => {
  it('begins with everything that is known, and nothing done about it', () => {
    expect(alertOf(ACT)).toEqual({
      id: 7,
      gpuUuid: 'GPU-1',
      gpuName: 'Card',
      gpuIndex: 0,
      rule: ACT,
      severity: 'act',
      firedMs: 1000,
      clearedMs: null,
      value: 95,
      threshold: 90,
      peak: 95,
      toldMs: null,
      acknowledgedMs: null,
      snoozedUntilMs: null,
    });
  });

  it('is changed by entries about the same rule and card only', () => {
    const others = [alertOf(ACT, {}, 'GPU-2'), alertOf(WARN)];
    const about = { gpuUuid: 'GPU-1', rule: ACT, tsMs: 5000 } as const;
    const apply = (entry: AlertEntry) => applyEntry([...others, alertOf(ACT)], entry, 8);
    expect(apply({ ...about, kind: 'told' })).toEqual([...others, alertOf(ACT, { toldMs: 5000 })]);
    expect(apply({ ...about, kind: 'acknowledged' })).toEqual([...others, alertOf(ACT, { acknowledgedMs: 5000 })]);
    expect(apply({ ...about, kind: 'snoozed', untilMs: 9000 })).toEqual([
      ...others,
      alertOf(ACT, { snoozedUntilMs: 9000 }),
    ]);
    expect(apply({ ...about, kind: 'cleared', peak: 99 })).toEqual(others);
  });

  it.each([
    [{}, 5000, 'firing'],
    [{ snoozedUntilMs: 5001 }, 5000, 'snoozed'],
    [{ snoozedUntilMs: 5000 }, 5000, 'firing'],
    [{ acknowledgedMs: 2000 }, 5000, 'acknowledged'],
    [{ acknowledgedMs: 2000, snoozedUntilMs: 9000 }, 5000, 'acknowledged'],
    [{ acknowledgedMs: 2000, clearedMs: 3000 }, 5000, 'resolved'],
  ] as const)('%j is at %d %s', (change, nowMs, phase) => expect(phaseOf(alertOf(ACT, change), nowMs)).toBe(phase));
});

describe('what is shown', () => {
  it('is one alert per cause', () => {
    const lost = alertOf('gpu-lost');
    const ofLost = [alertOf('xid-critical'), alertOf('ecc-uncorrected')];
    const other = alertOf('xid-critical', {}, 'GPU-2');
    expect(uncovered([...ofLost, lost, other])).toEqual([lost, other]);
    const silent = alertOf('driver-silent', {}, null);
    expect(names(uncovered([silent, lost, alertOf('gpu-stalled', {}, 'GPU-2'), other]))).toEqual([
      'null driver-silent',
    ]);
    expect(names(uncovered([silent, alertOf('remap-failed')]))).toEqual(['null driver-silent', 'GPU-1 remap-failed']);
  });
});

describe('a message', () => {
  const due = (alert: StoredAlert, quiet = false) => dueToTell([alert], 5000, quiet).length;
  it('is due once, unless it was acknowledged or snoozed before', () => {
    expect(due(alertOf(WARN))).toBe(1);
    expect(due(alertOf(WARN, { toldMs: 1000 }))).toBe(0);
    expect(due(alertOf(WARN, { acknowledgedMs: 1000 }))).toBe(0);
    expect(due(alertOf(WARN, { snoozedUntilMs: 6000 }))).toBe(0);
  });
  it('of a warning waits in quiet hours, a critical one does not', () => {
    expect(due(alertOf(WARN), true)).toBe(0);
    expect(due(alertOf(ACT), true)).toBe(1);
  });
  it('of a covered alert is not due', () => {
    expect(names(dueToTell([alertOf('gpu-lost'), alertOf('xid-critical')], 5000, false))).toEqual(['GPU-1 gpu-lost']);
  });
});

/** A table in memory that can be made to fail. */
function table() {
  let rows: readonly StoredAlert[] = [];
  const disk = { full: false, order: [] as string[], nextId: 1 };
  const record = (entries: readonly AlertEntry[]): void => {
    if (disk.full) throw new Error('full');
    for (const entry of entries) {
      disk.order.push(`${entry.tsMs} ${entry.kind}`);
      rows = applyEntry(rows, entry, entry.kind === 'fired' ? disk.nextId++ : 0);
    }
  };
  const outbox = createAlertOutbox({ record, open: () => [...rows] });
  const post = (entries: readonly AlertEntry[], change: Partial<Post> = {}) =>
    outbox.post({ entries, due: (firing) => dueToTell(firing, 0, false), tsMs: 50, canWrite: true, ...change });
  return { disk, outbox, post, rows: () => rows };
}
const ids = (alerts: readonly StoredAlert[]): number[] => alerts.map(({ id }) => id);
const cleared = (tsMs: number, gpuUuid = 'GPU-1'): AlertEntry => ({
  kind: 'cleared',
  gpuUuid,
  rule: ACT,
  tsMs,
  peak: 99,
});

describe('an alert on its way to the disk', () => {
  it('is shown as it stands on disk, told once, and shown when it is over', () => {
    const { disk, post } = table();
    const posted = post([firedEntry(ACT, 1)])!;
    expect([ids(posted.firing), ids(posted.told), posted.cleared]).toEqual([[1], [1], []]);
    expect(posted.told[0]!.toldMs).toBe(50);
    expect(post([])).toBeUndefined();
    const over = post([cleared(2)], { tsMs: 60 })!;
    expect([over.firing, over.told]).toEqual([[], []]);
    expect(over.cleared).toMatchObject([{ id: 1, clearedMs: 60, toldMs: 50 }]);
    expect(disk.order).toEqual(['1 fired', '50 told', '2 cleared']);
  });

  it('is shown all the same when the disk does not take it, and written in its order when it does', () => {
    const { disk, outbox, post } = table();
    disk.full = true;
    const posted = post([firedEntry(ACT, 1)])!;
    expect(posted.thrown).toBeInstanceOf(Error);
    expect(posted.told).toMatchObject([
      { id: -1, gpuUuid: 'GPU-1', gpuName: 'Card', value: 95, threshold: 90, firedMs: 1 },
    ]);
    expect(post([], { canWrite: false })).toBeUndefined();
    const second = post([firedEntry(ACT, 2, 'GPU-2'), cleared(2)], { canWrite: false })!;
    expect(second.firing).toMatchObject([{ gpuUuid: 'GPU-2' }]);
    expect('thrown' in second).toBe(false); // it was not tried
    expect(ids(outbox.firing())).toEqual([-3]);
    disk.full = false;
    const late = post([])!;
    expect([ids(late.firing), late.told]).toEqual([[2], []]); // told of already
    expect(disk.order).toEqual(['1 fired', '50 told', '2 fired', '2 cleared', '50 told']);
  });

  it('waits with its message, and sends none for what is over by then', () => {
    const { post } = table();
    const night = { due: () => [] };
    expect(post([firedEntry(ACT, 1), firedEntry(ACT, 1, 'GPU-2')], night)!.told).toEqual([]);
    expect(post([], night)).toBeUndefined();
    post([cleared(2)], night);
    expect(names(post([], { tsMs: 90 })!.told)).toEqual([`GPU-2 ${ACT}`]);
    expect(post([])).toBeUndefined();
  });

  it('that begins while nothing can be written sends its message at once', () => {
    const posted = table().post([firedEntry(ACT, 1)], { canWrite: false })!;
    expect(names(posted.told)).toEqual([`GPU-1 ${ACT}`]);
  });

  it('is over only by its own end, and every one that ends is named', () => {
    const { post } = table();
    post([firedEntry(ACT, 1), firedEntry(ACT, 1, 'GPU-2'), firedEntry(ACT, 1, 'GPU-3')]);
    const about = { gpuUuid: 'GPU-1', rule: ACT, tsMs: 2 } as const;
    expect(post([{ ...about, kind: 'acknowledged' }])!.cleared).toEqual([]);
    expect(names(post([cleared(3, 'GPU-1'), cleared(3, 'GPU-2')])!.cleared)).toEqual([`GPU-1 ${ACT}`, `GPU-2 ${ACT}`]);
  });

  it('gets the right time when the clock is set', () => {
    const { disk, outbox, post } = table();
    post([{ ...firedEntry(ACT, 1), axisMs: 500 }, firedEntry(WARN, 3)], { canWrite: false, axisMs: 600 });
    outbox.restamp((axisMs) => axisMs + 10_000);
    post([]);
    expect(disk.order).toEqual(['10500 fired', '3 fired', '10600 told']);
  });
});

describe('whatever happens to alerts, disks and people', () => {
  const cards = ['GPU-1', 'GPU-2'] as const;
  const action = fc.oneof(
    fc.constant('restart' as const),
    fc.constantFrom('full' as const, 'free' as const),
    fc.record({
      what: fc.constantFrom('toggle', 'acknowledged', 'snoozed', 'quiet'),
      card: fc.constantFrom(...cards),
    }),
  );

  it('each episode has at most one message, and everything told is written once the disk has room', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { disk, post, rows, outbox } = table();
        let quiet = false;
        const told = new Map<string, number>();
        const episode = new Map<string, number>();
        actions.forEach((one, i) => {
          if (one === 'full' || one === 'free') disk.full = one === 'full';
          if (typeof one === 'string') return;
          const about = { gpuUuid: one.card, rule: WARN, tsMs: i } as const;
          const isOpen = outbox.firing().some(({ gpuUuid }) => gpuUuid === one.card);
          if (one.what === 'quiet') quiet = !quiet;
          if (one.what === 'toggle' && !isOpen) episode.set(one.card, (episode.get(one.card) ?? 0) + 1);
          const entries: AlertEntry[] =
            one.what === 'toggle'
              ? [isOpen ? { ...about, kind: 'cleared', peak: 99 } : firedEntry(WARN, i, one.card)]
              : one.what === 'acknowledged'
                ? [{ ...about, kind: 'acknowledged' }]
                : one.what === 'snoozed'
                  ? [{ ...about, kind: 'snoozed', untilMs: i + 3 }]
                  : [];
          const posted = post(isOpen || one.what === 'toggle' ? entries : [], {
            due: (firing) => dueToTell(firing, i, quiet),
            tsMs: i,
          });
          for (const { gpuUuid } of posted?.told ?? []) {
            const key = `${gpuUuid} ${episode.get(gpuUuid!)}`;
            told.set(key, (told.get(key) ?? 0) + 1);
          }
        });
        expect([...told.values()].every((count) => count === 1)).toBe(true);
        disk.full = false;
        post([]);
        expect(outbox.firing()).toEqual(rows());
        expect(outbox.firing().every(({ id }) => id > 0)).toBe(true);
      }),
    );
  });
});
