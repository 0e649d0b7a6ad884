// The wear model: what a sample costs while it is recorded, and a year at 1 Hz replayed with all families and parameter
// sets. Beside it, in the same run, the plain form of the model: every parameter set computed for every sample.
import { createColumns, type WearColumns } from '../app/wear/columns.ts';
import { acceleration } from '../app/wear/arrhenius.ts';
import { createMeter, meterTally } from '../app/wear/meter.ts';
import { CAPACITORS, ELECTROMIGRATION, REFERENCE, SILICON } from '../app/wear/model.ts';
import { agingRate } from '../app/wear/board-parts.ts';
import { addTally, emptyTally, type Tally } from '../app/wear/tally.ts';
import { createRandom } from '../app/telemetry/simulator/random.ts';
import { median, rounded, size } from './stats.ts';

const HOUR_SAMPLES = 3600;
const START = Date.UTC(2025, 0, 1);

/** An hour as storage might hold it: differences of scaled integers, of variable length. */
type Packed = Uint8Array;
type PackedHour = { readonly core: Packed; readonly power: Packed; readonly mem: Packed; readonly energy: Packed };

function pack(values: ArrayLike<number>): Packed {
  const bytes: number[] = [];
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    const step = values[i]! - before;
    before = values[i]!;
    let zigzag = step < 0 ? -2 * step - 1 : 2 * step;
    while (zigzag > 127) {
      bytes.push((zigzag & 127) | 128);
      zigzag = Math.floor(zigzag / 128);
    }
    bytes.push(zigzag);
  }
  return Uint8Array.from(bytes);
}

function unpack(bytes: Packed, scale: number, into: Float64Array): void {
  let at = 0;
  let value = 0;
  for (let i = 0; i < into.length; i++) {
    let zigzag = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++]!;
      zigzag |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    value += (zigzag >>> 1) ^ -(zigzag & 1);
    into[i] = value / scale;
  }
}

/** Some days of a generation workload: hours of load that rise and fall, whole degrees, milliwatts. */
function packedHours(count: number): PackedHour[] {
  const random = createRandom(7);
  let temp = 40;
  let energy = 0;
  return Array.from({ length: count }, (_, hour) => {
    const busy = hour % 24 > 9 && hour % 24 < 17;
    const core = new Float64Array(HOUR_SAMPLES);
    const power = new Float64Array(HOUR_SAMPLES);
    const counter = new Float64Array(HOUR_SAMPLES);
    for (let i = 0; i < HOUR_SAMPLES; i++) {
      const watts = busy && i % 12 > 1 ? 320 + 20 * random() : 25 + 4 * random();
      temp += (25 + watts * 0.15 - temp) * 0.02;
      core[i] = Math.round(temp) * 10;
      power[i] = Math.round(watts * 1000);
      energy += Math.round(watts * 1000);
      counter[i] = energy;
    }
    return { core: pack(core), power: pack(power), mem: pack(core.map((t) => t + 60)), energy: pack(counter) };
  });
}

/** A year of hours, decoded one after the other into the same columns. */
function* year(hours: readonly PackedHour[], count: number): Generator<WearColumns> {
  const columns = createColumns(HOUR_SAMPLES);
  columns.dtMs.fill(1000);
  columns.powerDefaultLimitW.fill(350);
  columns.fanPct.fill(45);
  for (let hour = 0; hour < count; hour++) {
    const packed = hours[hour % hours.length]!;
    for (let i = 0; i < HOUR_SAMPLES; i++) columns.tsMs[i] = START + (hour * HOUR_SAMPLES + i) * 1000;
    unpack(packed.core, 10, columns.coreTempC);
    unpack(packed.power, 1000, columns.powerW);
    unpack(packed.mem, 10, columns.memTempC);
    unpack(packed.energy, 1, columns.energyMj);
    yield columns;
  }
}

function metered(chunks: Iterable<WearColumns>): Tally {
  const total = emptyTally();
  const meter = createMeter(({ tally }) => addTally(total, tally));
  for (const columns of chunks) meter.feed(columns);
  return meterTally([total], meter);
}

/** The model as its equations are written: nothing gathered, nothing looked up. Thermal families alone. */
function plain(chunks: Iterable<WearColumns>): { silicon: number[]; electromigration: number[]; capacitors: number[] } {
  const silicon = SILICON.grid.map(() => 0);
  const electromigration = ELECTROMIGRATION.exponents.flatMap(() => ELECTROMIGRATION.energies.map(() => 0));
  const capacitors = CAPACITORS.map(() => 0);
  let before: { core: number; power: number; mem: number } | undefined;
  for (const { dtMs, coreTempC, powerW, memTempC } of chunks) {
    for (let i = 0; i < dtMs.length; i++) {
      const now = { core: coreTempC[i]!, power: powerW[i]!, mem: memTempC[i]! };
      if (before) {
        for (const { core, power, mem } of [before, now]) {
          const half = dtMs[i]! / 2;
          SILICON.grid.forEach((ea, k) => (silicon[k]! += half * acceleration(ea, REFERENCE.coreTempC, core)));
          ELECTROMIGRATION.exponents.forEach((n, j) =>
            ELECTROMIGRATION.energies.forEach(
              (ea, k) =>
                (electromigration[j * 3 + k]! += half * power ** n * acceleration(ea, REFERENCE.coreTempC, core)),
            ),
          );
          CAPACITORS.forEach(
            ({ factor, perK }, k) => (capacitors[k]! += half * agingRate(REFERENCE.memTempC, mem, factor, perK)),
          );
        }
      }
      before = now;
    }
  }
  return { silicon, electromigration, capacitors };
}

const seconds = (work: () => void): number => {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
};

/** Largest relative difference between two results. */
const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / Math.max(Math.abs(value), 1e-300)));

const say = (text: string): void => void process.stderr.write(`  ${text}\n`);

const REPEATED = size(400, 4);
const YEAR_DAYS = size(365, 3);
const STREAMED = size(2_000_000, 10_000);

function measure() {
  const hours = packedHours(size(14, 1) * 24);
  const days = size(30, 2) * 24;

  say('A chunk in memory');
  metered(year(hours, 48)); // compiles
  const one = year(hours, 1).next().value as WearColumns;
  const repeated = Array.from({ length: REPEATED }, () => one);
  metered(repeated);
  const inside = median(Array.from({ length: 7 }, () => (REPEATED * HOUR_SAMPLES) / seconds(() => metered(repeated))));

  say('A year at 1 Hz');
  const memoryBefore = process.memoryUsage().rss;
  let samples = 0;
  const yearS = seconds(() => {
    samples = YEAR_DAYS * 24 * HOUR_SAMPLES;
    metered(year(hours, YEAR_DAYS * 24));
  });
  const grownMiB = (process.memoryUsage().rss - memoryBefore) / 2 ** 20;

  say('One sample at a time');
  const live = createColumns(1);
  live.dtMs[0] = 1000;
  const meter = createMeter(() => undefined);
  const streaming = seconds(() => {
    for (let i = 0; i < STREAMED; i++) {
      live.tsMs[0] = START + i * 1000;
      live.coreTempC[0] = one.coreTempC[i % HOUR_SAMPLES]!;
      live.powerW[0] = one.powerW[i % HOUR_SAMPLES]!;
      meter.feed(live);
    }
  });

  say('The plain form, a week');
  const week = size(7, 1) * 24;
  plain(year(hours, 8));
  const plainS = seconds(() => plain(year(hours, week)));
  const ownS = seconds(() => metered(year(hours, week)));
  const [theirs, own] = [plain(year(hours, days)), metered(year(hours, days))];

  return {
    samples: `${rounded(samples / 1e6)} M: a year at 1 Hz, ${hours.length / 24} days of load repeated`,
    insideTheModelMSamplesASecond: rounded(inside / 1e6),
    yearWithDecodeS: rounded(yearS),
    memoryGrownMiB: Math.round(grownMiB),
    streamingNsASample: rounded((streaming / STREAMED) * 1e9),
    plainNsASample: rounded((plainS / (week * HOUR_SAMPLES)) * 1e9),
    ownNsASampleWithDecode: rounded((ownS / (week * HOUR_SAMPLES)) * 1e9),
    plainToOwn: rounded(plainS / ownS),
    largestRelativeDifference: Math.max(
      apart(theirs.silicon, own.silicon),
      apart(theirs.electromigration, own.electromigration),
      apart(theirs.capacitors, own.capacitors),
    ),
  };
}

process.stdout.write(JSON.stringify(measure()));
