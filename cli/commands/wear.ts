import fs from 'node:fs';
import { coolingTrend } from '../../app/wear/cooling/trend.ts';
import { Option } from 'commander';
import { healthInput } from '../../app/health/input.ts';
import { judgeHealth } from '../../app/health/judge.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import { text } from '../../app/core/i18n.ts';
import { err, ok, type Result } from '../../app/core/result.ts';
import { dataFolder, historyFile, ledgerFolder } from '../../app/core/folders.node.ts';
import { GAP_MS } from '../../app/telemetry/sampler.ts';
import type { DateOrder } from '../../app/telemetry/logs/stamps.ts';
import { wearReadings, type WearReading } from '../../app/wear/columns.ts';
import { exposureJson, sensorsIn, type Beside } from '../../app/wear/export.ts';
import { familyIds, type Exposure } from '../../app/wear/exposure.ts';
import { earlyText, noRateText } from '../../app/wear/family-text.ts';
import { ledgerPath, readLedgerFile } from '../../app/wear/ledger/ledger-store.node.ts';
import { coverageText, disclaimer } from '../../app/wear/disclaimer.ts';
import { columnsOf, createExposure } from '../../app/wear/replay.ts';
import { readTrace } from '../../app/wear/trace-file.node.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, momentOption, secondsOption, settingsOf, wattsOption } from '../options.ts';
import { dataDirOption, dateOrderOption, jsonOption, simulatedOption } from '../shared-options.ts';
import { notes, out, printError } from '../terminal.ts';

export type WearOptions = {
  readonly trace?: string;
  readonly from?: number;
  readonly to?: number;
  readonly gpu?: string;
  readonly dataDir?: string;
  readonly simulated?: boolean;
  readonly powerLimit?: number;
  readonly gap?: number;
  readonly dateOrder?: DateOrder;
  readonly json?: boolean;
};

/** The exposure of one card, and the readings that the model could use. */
type Card = {
  readonly gpu: string;
  readonly name: string;
  readonly exposure: Exposure;
  readonly sensors: WearReading[];
  readonly beside?: Beside;
};

async function fromTrace(file: string, options: WearOptions): Promise<Result<Card[]>> {
  const { powerLimit, gap, from, to, gpu, dateOrder: wantedOrder } = options;
  const gapMs = gap === undefined ? GAP_MS : gap * 1000;
  const cancel = new AbortController();
  const stop = (): void => cancel.abort();
  process.once('SIGINT', stop);
  let percent = -1;
  const trace = await readTrace(
    file,
    { gapMs, fromMs: from, toMs: to, dateOrder: wantedOrder },
    (share) => {
      if (Math.floor(share * 100) <= percent) return;
      percent = Math.floor(share * 100);
      notes.status(text('cli.percent', { percent }));
    },
    cancel.signal,
  );
  process.off('SIGINT', stop);
  notes.clearStatus();
  if (cancel.signal.aborted) return err('cancelled', text('cli.wear.cancelled'));
  if (!trace.ok) return trace;
  const { cards, badCount, firstBad, notTaken, dateOrder } = trace.value;
  const wanted = cards.filter((card, i) => gpu === undefined || card.gpu.startsWith(gpu) || String(i) === gpu);
  if (wanted.length === 0) {
    const known = cards.map((card) => card.gpu).join(', ');
    return err(
      'not-found',
      text('cli.wear.noGpu', { file, gpu: gpu ?? '' }),
      text('cli.history.gpus', { gpus: known }),
    );
  }
  const context = powerLimit === undefined ? {} : { defaultLimitW: powerLimit };
  const chosen = wanted.map(({ gpu: id, name, exposure, sensors }) => ({
    gpu: id,
    name,
    exposure: exposure.summary(context),
    sensors: [...sensors],
  }));
  if (firstBad) notes.say(text('cli.wear.badLines', { count: badCount, file, line: firstBad.line, why: firstBad.why }));
  if (notTaken.length > 0) notes.say(text('cli.wear.notRead', { columns: notTaken.join(', ') }));
  if (dateOrder) notes.say(text('cli.wear.dateOrder', { file, order: dateOrder }));
  if (chosen.every(({ exposure }) => exposure.observedHours === 0))
    notes.say(text('cli.wear.notObserved', { seconds: gapMs / 1000 }));
  return ok(chosen);
}

/** The card's facts and its cooling trend at the end of the period. */
function besideOf(store: Store, folder: string, uuid: string, nowMs: number): Beside {
  // a history does not say whether the source could see driver errors, so only reported errors are facts
  const health = judgeHealth(healthInput(store, uuid, false, nowMs));
  const file = ledgerPath(folder, uuid);
  const read = fs.existsSync(file) ? readLedgerFile(file) : undefined;
  const trend = read?.ok ? coolingTrend([...read.value.ledger.windows.values()], { nowMs }) : undefined;
  return {
    faults: health.facts.filter(({ verdict }) => verdict !== 'not-measurable'),
    trends: trend && !('missing' in trend) ? [{ kind: 'cooling', ...trend }] : [],
  };
}

function fromHistory({ dataDir, simulated, from, to, gpu, powerLimit }: WearOptions): Result<Card[]> {
  const origin = simulated ? 'simulated' : 'measured';
  const file = historyFile(dataFolder(dataDir), origin);
  const folder = ledgerFolder(dataFolder(dataDir), origin)!;
  if (!fs.existsSync(file)) {
    const hasSimulated = !simulated && fs.existsSync(historyFile(dataFolder(dataDir), 'simulated'));
    const next = text(hasSimulated ? 'cli.wear.simulatedNext' : 'cli.wear.noHistoryNext');
    return err('not-found', text('cli.wear.noHistory', { file }), next);
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
      return err(
        'not-found',
        text('cli.history.noGpu', { gpu: gpu ?? '' }),
        text('cli.history.gpus', { gpus: known.join(', ') || '–' }),
      );
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

const HOUR_MS = 3_600_000;

/** The wear families with their ranges, in lines for the terminal. */
function table({ gpu, name, exposure }: Card, options: WearOptions): string[] {
  const format = formatterOf(settingsOf(dataFolder(options.dataDir)));
  const { significant, duration } = format;
  const rows = familyIds.map((id) => {
    const label = `  ${id} ${text(`wear.family.${id}`)}`.padEnd(36);
    const family = exposure.families[id];
    if (!family?.rate) return `${label}${noRateText(text, format, id, exposure)}`;
    const { low, mid, high } = family.rate;
    const notes = [text(`wear.confidence.${family.confidence}`), earlyText(text, format, family)];
    const range = `${significant(mid)} × [${significant(low)}–${significant(high)}]`;
    return `${label}${range}  ${notes.filter(Boolean).join('; ')}`;
  });
  const observed = duration(exposure.observedHours * HOUR_MS);
  const card = text('cli.wear.card', { name, uuid: gpu, observed, percent: coverageText(text, exposure.coverage) });
  return [card, ...rows, ''];
}

async function showWear(options: WearOptions): Promise<number> {
  const cards = options.trace === undefined ? fromHistory(options) : await fromTrace(options.trace, options);
  if (!cards.ok) {
    printError(cards.error);
    // a trace that cannot be read fails as in every command; an unknown GPU or an open date order is a wrong argument
    const readable = options.trace === undefined || fs.existsSync(options.trace);
    const isUsage = cards.error.code === 'invalid-argument' || (cards.error.code === 'not-found' && readable);
    return isUsage ? EXIT.usage : EXIT.failed;
  }
  if (options.json) {
    const documents = cards.value.map(({ gpu, name, exposure, sensors, beside }) => ({
      gpu,
      name,
      ...exposureJson(exposure, sensors, beside),
    }));
    out.json(documents.length === 1 ? documents[0] : documents, 2);
  } else out.say(...cards.value.flatMap((card) => table(card, options)), disclaimer(text, undefined));
  return EXIT.ok;
}

/** `slowburn wear`: the modelled exposure of a trace or a recorded period, per family with its range and the coverage. */
export const wear = {
  description: () => text('cli.wear.description'),
  options: () => [
    new Option('--trace <file>', text('cli.wear.trace')),
    new Option('--from <time>', text('cli.wear.from')).argParser(momentOption),
    new Option('--to <time>', text('cli.wear.to')).argParser(momentOption),
    new Option('--gpu <gpu>', text('cli.wear.gpu')),
    dataDirOption(),
    simulatedOption(),
    new Option('--power-limit <watts>', text('cli.wear.powerLimit')).argParser(wattsOption),
    new Option('--gap <seconds>', text('cli.wear.gap')).argParser(secondsOption),
    dateOrderOption(),
    jsonOption(),
  ],
  run: showWear,
} satisfies Command;
