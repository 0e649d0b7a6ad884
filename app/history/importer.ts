import type { Frame } from '../metrics/frame.ts';
import { GAP_MS } from '../telemetry/sampler.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { ByHour } from './by-hour.ts';
import type { ChunkTable } from './chunks.ts';
import type { Db } from './db.ts';
import { readFrame } from './codec/frame-row.ts';
import { HOUR_MS, hourOf } from './open-hour.ts';
import type { createGpuTable } from './records.ts';
import { MINUTE_MS, type RollupParts } from './rollup-parts.ts';
import { createSampleCollector } from './sample-collector.ts';
import type { SampleColumns } from './codec/sample-chunk.ts';
import type { PrepareSealed } from './sealer.ts';

/** A sample from a file. */
export type ImportedSample = {
  readonly tsMs: number;
  /** since the sample before it; null: after a gap; left out: told by the stamps */
  readonly dtMs?: number | null;
  readonly frame: Frame;
};

export type ImportCounts = { readonly added: number; readonly duplicate: number };

/** An import that is under way. */
export type Import = { readonly add: (sample: ImportedSample) => void; readonly end: () => ImportCounts };

type Parts = {
  readonly chunks: ChunkTable;
  readonly byHour: ByHour;
  readonly gpus: ReturnType<typeof createGpuTable>;
  readonly rollups: RollupParts;
  readonly rollUp: PrepareSealed;
};

/** What is known of an hour already: how often each stamp stands there, and which time is observed. */
function knownOf(parts: Iterable<SampleColumns>) {
  const counts = new Map<number, number>();
  const observed: { readonly fromMs: number; readonly toMs: number }[] = [];
  for (const { tsMs, dtMs } of parts) {
    tsMs.forEach((ts, i) => {
      counts.set(ts, (counts.get(ts) ?? 0) + 1);
      if (!Number.isNaN(dtMs[i]!)) observed.push({ fromMs: ts - dtMs[i]!, toMs: ts });
    });
  }
  let at = 0;
  return {
    isEmpty: counts.size === 0,
    /** Takes one sample of that stamp away; false: there is none left. */
    take(ts: number): boolean {
      const left = counts.get(ts) ?? 0;
      counts.set(ts, left - 1);
      return left > 0;
    },
    /** How much of the time up to a stamp was not observed yet: null where the stamp lies in what was. Ask by time. */
    fresh(ts: number, dtMs: number | null): number | null {
      while (at < observed.length && observed[at]!.toMs < ts) at++;
      if (dtMs === null || (at < observed.length && observed[at]!.fromMs < ts)) return null;
      return Math.min(dtMs, at === 0 ? Infinity : ts - observed[at - 1]!.toMs);
    },
  };
}

/** Room for the sequence numbers of one import: they grow with its samples, so that its order stays the file's. */
const NUMBERS = 2 ** 32;

export type Importer = {
  readonly begin: (gpu: GpuIdentity) => Import;
  /** All samples of one GPU at once. */
  readonly importSamples: (gpu: GpuIdentity, samples: Iterable<ImportedSample>) => ImportCounts;
};

/**
 * Puts samples of a file into the past of a GPU, an hour at a time and each hour in one transaction. A sample whose stamp
 * is there already adds nothing, so a file may be imported twice; two samples of one stamp in the file are two. They get
 * sequence numbers below 0: apart from what this machine recorded itself, and never fed to a model as news. Samples
 * should come by time.
 */
export function createImporter(db: Db, { chunks, byHour, gpus, rollups, rollUp }: Parts): Importer {
  /** Minutes of an hour that are rolled up: with no sample left of the hour, theirs were given up when they grew old. */
  function rolledMinutes(gpuId: number, hourMs: number): ReadonlySet<number> {
    const minutes = new Set<number>();
    for (const { fromMs, slots, metrics } of rollups.between(gpuId, MINUTE_MS, hourMs, hourMs + HOUR_MS)) {
      for (const { n } of metrics.values()) {
        for (let slot = 0; slot < slots; slot++) if (n[slot]! > 0) minutes.add(fromMs + slot * MINUTE_MS);
      }
    }
    return minutes;
  }

  /** Returns how many samples were added. */
  function putHour(gpuId: number, firstSeq: number, samples: readonly ImportedSample[]): number {
    const hourMs = hourOf(samples[0]!.tsMs);
    const known = knownOf(byHour.between(gpuId, hourMs, hourMs + HOUR_MS + GAP_MS, []));
    const givenUp = known.isEmpty ? rolledMinutes(gpuId, hourMs) : new Set<number>();
    const collector = createSampleCollector();
    for (const { tsMs, dtMs = null, frame } of samples) {
      if (known.take(tsMs) || givenUp.has(Math.floor(tsMs / MINUTE_MS) * MINUTE_MS)) continue;
      // a reading more, but no time more where it was observed already
      readFrame(frame, collector.add(firstSeq + collector.size(), tsMs, known.fresh(tsMs, dtMs)));
    }
    if (collector.size() === 0) return 0;
    const columns = collector.columns();
    rollUp(gpuId, hourMs, columns)();
    chunks.prepare(gpuId, hourMs, columns)();
    return collector.size();
  }
  const writeHour = db.transaction(putHour);

  /** Takes the samples of one GPU one after the other, and writes them hour by hour. */
  function begin(gpu: GpuIdentity): Import {
    const counts = { added: 0, duplicate: 0 };
    let gpuId = gpus.list().find(({ uuid }) => uuid === gpu.uuid)?.id;
    let hour: ImportedSample[] = [];
    let seq: number | undefined;
    let previousMs: number | undefined;
    function flush(): void {
      const [first] = hour;
      if (!first) return;
      gpuId ??= gpus.seen(gpu, first.tsMs);
      seq ??= Math.min(0, chunks.firstSeq(gpuId)) - NUMBERS;
      const added = writeHour(gpuId, seq, hour);
      counts.added += added;
      counts.duplicate += hour.length - added;
      seq += added;
      hour = [];
    }
    return {
      add({ frame, dtMs, ...sample }) {
        const tsMs = Math.round(sample.tsMs);
        if (hour[0] && hourOf(hour[0].tsMs) !== hourOf(tsMs)) flush();
        const stepMs = previousMs === undefined ? Number.NaN : tsMs - previousMs;
        const told = stepMs >= 0 && stepMs <= GAP_MS ? stepMs : null;
        hour.push({ tsMs, dtMs: dtMs === undefined ? told : dtMs, frame });
        previousMs = tsMs;
      },
      end() {
        flush();
        return counts;
      },
    };
  }

  return {
    begin,
    importSamples(gpu, samples) {
      const running = begin(gpu);
      for (const sample of samples) running.add(sample);
      return running.end();
    },
  };
}
