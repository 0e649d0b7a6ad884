import fs from 'node:fs';
import { coolingTrend } from '../app/wear/cooling/trend.ts';
import { createFormatter } from '../app/metrics/format.ts';
import { healthInput } from '../app/health/input.ts';
import { judgeHealth } from '../app/health/judge.ts';
import { openForReading } from '../app/history/file/database.node.ts';
import { createStore, type Store } from '../app/recorder/store.ts';
import { createI18n, text } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { dataFolder, historyFile, ledgerFolder } from '../app/core/folders.node.ts';
import { GAP_MS } from '../app/telemetry/sampler.ts';
import { wearReadings, type WearReading } from '../app/wear/columns.ts';
import { exposureJson, sensorsIn, type Beside } from '../app/wear/export.ts';
import { familyIds, SWINGS_NEED_H, type Exposure } from '../app/wear/exposure.ts';
import { ledgerPath, readLedgerFile } from '../app/wear/ledger/ledger-store.node.ts';
import { disclaimer } from '../app/wear/disclaimer.ts';
import { columnsOf, createExposure } from '../app/wear/replay.ts';
import { readTrace } from '../app/wear/trace-file.node.ts';
import { notes, out, printError } from './terminal.ts';
import { EXIT, settingsOf } from './options.ts';

export type WearOptions = {
  readonly trace?: string;
  readonly from?: number;
  readonly to?: number;
  readonly gpu?: string;
  readonly dataDir?: string;
  readonly simulated?: boolean;
  readonly powerLimit?: number;
  readonly gap?: number;
  readonly json?: boolean;
};

/** One card's exposure, and which of its readings the model found. */
type Card = {
  readonly gpu: string;
  readonly name: string;
  readonly exposure: Exposure;
  readonly sensors: WearReading[];
  readonly beside?: Beside;
};

async function fromTrace(file: string, options: WearOptions): Promise<Result<Card[]>> {
  const { powerLimit, gap, from, to, gpu } = options;
  const gapMs = gap === undefined ? GAP_MS : gap * 1000;
  const cancel = new AbortController();
  const stop = (): void => cancel.abort();
  process.once('SIGINT', stop);
  let percent = -1;
  const trace = await readTrace(
    file,
    { gapMs, fromMs: from, toMs: to },
    (share) => {
      if (Math.floor(share * 100) > percent) notes.status(`${(percent = Math.floor(share * 100))} %`);
    },
    cancel.signal,
  );
  process.off('SIGINT', stop);
  notes.clearStatus();
  if (cancel.signal.aborted) return err('invalid-argument', 'Cancelled: nothing was computed.');
  if (!trace.ok) return trace;
  const { cards, badCount, firstBad, notTaken, dateOrder } = trace.value;
  const wanted = cards.filter((card, i) => gpu === undefined || card.gpu.startsWith(gpu) || String(i) === gpu);
  if (wanted.length === 0) {
    return err('not-found', `${file} holds no GPU ${gpu}.`, `It holds ${cards.map((card) => card.gpu).join(', ')}.`);
  }
  const context = powerLimit === undefined ? {} : { defaultLimitW: powerLimit };
  const told = wanted.map(({ gpu: id, name, exposure, sensors }) => ({
    gpu: id,
    name,
    exposure: exposure.summary(context),
    sensors: [...sensors],
  }));
  if (firstBad) {
    notes.say(
      `${badCount} lines of ${file} could not be read and were left out; the first is ${firstBad.line}. ${firstBad.why}`,
    );
  }
  if (notTaken.length > 0) notes.say(`Columns that were not read: ${notTaken.join(', ')}.`);
  if (dateOrder) notes.say(`The dates of ${file} can be read in several ways: ${dateOrder} was taken.`);
  if (told.every(({ exposure }) => exposure.observedHours === 0)) {
    const seconds = gapMs / 1000;
    notes.say(
      `No two samples with a core temperature are ${seconds} s or less apart: nothing counts as observed. ` +
        'If the trace was logged more slowly, say how slowly with --gap SECONDS.',
    );
  }
  return ok(told);
}

/** The card's facts and its cooling trend at the end of the period. */
function besideOf(store: Store, folder: string, uuid: string, nowMs: number): Beside {
  // whether the source heard of driver errors is not known afterwards: only those that were told are facts
  const health = judgeHealth(healthInput(store, uuid, { throttled: undefined, observedMs: 0 }, false, nowMs));
  const file = ledgerPath(folder, uuid);
  const read = fs.existsSync(file) ? readLedgerFile(file) : undefined;
  const trend = read?.ok ? coolingTrend([...read.value.ledger.windows.values()], { nowMs }) : undefined;
  return {
    faults: health.facts
      .filter(({ verdict }) => verdict !== 'not-measurable')
      .map((fact) => ({ ...fact, source: text(`health.source.${fact.id}`) })),
    trends: trend && !('missing' in trend) ? [{ kind: 'cooling', ...trend }] : [],
  };
}

function fromHistory({ dataDir, simulated, from, to, gpu, powerLimit }: WearOptions): Result<Card[]> {
  const kind = simulated ? 'simulator' : 'nvml';
  const file = historyFile(dataFolder(dataDir), kind);
  const folder = ledgerFolder(dataFolder(dataDir), kind)!;
  if (!fs.existsSync(file)) {
    return err('not-found', `There is no history ${file}.`, 'Record one with: slowburn monitor, or give --trace FILE.');
  }
  const db = openForReading(file);
  if (!db.ok) return db;
  const store = createStore(db.value);
  try {
    const wanted = store.gpus
      .list()
      .filter(({ uuid, index }) => gpu === undefined || uuid === gpu || uuid.startsWith(gpu) || String(index) === gpu);
    if (wanted.length === 0) {
      const known = store.gpus.list().map(({ index, uuid, name }) => `${index}: ${uuid} ${name}`);
      return err('not-found', `The history holds no GPU ${gpu ?? ''}.`, `It holds ${known.join(', ') || 'none'}.`);
    }
    return ok(
      wanted.map(({ uuid, name }) => {
        const exposure = createExposure();
        const seen = new Set<WearReading>();
        for (const columns of columnsOf(store.samplesBetween(uuid, from ?? -8.64e15, to ?? 8.64e15))) {
          exposure.feed(columns);
          if (seen.size < wearReadings.length) sensorsIn(columns).forEach((key) => seen.add(key));
        }
        const context = powerLimit === undefined ? {} : { defaultLimitW: powerLimit };
        return {
          gpu: uuid,
          name,
          exposure: exposure.summary(context),
          sensors: wearReadings.filter((key) => seen.has(key)),
          beside: besideOf(store, folder, uuid, Math.min(to ?? Infinity, store.extent()?.toMs ?? 0)),
        };
      }),
    );
  } finally {
    store.close();
  }
}

/** The families with their bands, for a terminal. */
function table({ gpu, name, exposure }: Card, options: WearOptions): string[] {
  const { t, language } = createI18n(Intl.DateTimeFormat().resolvedOptions().locale);
  const { significant, percent, number } = createFormatter(language, settingsOf(dataFolder(options.dataDir)));
  const rows = familyIds.map((id) => {
    const family = exposure.families[id];
    const label = `  ${id} ${t(`wear.family.${id}`)}`.padEnd(36);
    if (!family) return `${label}${t(`wear.off.${exposure.off[id] ?? 'not-observed'}`)}`;
    const { rate, confidence } = family;
    const early = id === 'M3' && exposure.observedHours < SWINGS_NEED_H;
    const note = early ? `. ${t('wear.shortSwings', { hours: number(exposure.observedHours, 1) })}` : '';
    return `${label}${significant(rate.mid).padStart(7)} [${significant(rate.low)}–${significant(rate.high)}]  ${t(`wear.confidence.${confidence}`)}${note}`;
  });
  const observed = `${number(exposure.observedHours, 1)} h, ${percent(exposure.coverage)} %`;
  return [`${name} (${gpu}): ${observed}`, ...rows, '', disclaimer(t, exposure.coverage)];
}

/**
 * `slowburn wear`: what the model says of a trace, or of a recorded period: every family with its band, the coverage and
 * the model's version.
 */
export async function wear(options: WearOptions): Promise<number> {
  const cards = options.trace === undefined ? fromHistory(options) : await fromTrace(options.trace, options);
  if (!cards.ok) {
    printError(cards.error);
    return cards.error.code === 'not-found' ? EXIT.usage : EXIT.failed;
  }
  if (options.json) {
    const documents = cards.value.map(({ gpu, name, exposure, sensors, beside }) => ({
      gpu,
      name,
      ...exposureJson(exposure, sensors, beside),
    }));
    out.json(documents.length === 1 ? documents[0] : documents, 2);
  } else out.say(...cards.value.flatMap((card, i) => [...(i > 0 ? [''] : []), ...table(card, options)]));
  return EXIT.ok;
}
