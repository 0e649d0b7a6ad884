import { Option } from 'commander';
import { systemClock } from '../../app/core/clock.node.ts';
import { joined } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import { metricOf, metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { openSource } from '../../app/telemetry/open-source.node.ts';
import { createPlausibility } from '../../app/telemetry/plausibility.ts';
import { readingsOf, type SourcedReading } from '../../app/telemetry/provenance.ts';
import type { SourceInfo, SourceSample } from '../../app/telemetry/source.ts';
import type { SourceSpec } from '../../app/telemetry/sources.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, threads } from '../options.ts';
import { jsonOption, sourceOptions } from '../shared-options.ts';
import { out, printError } from '../terminal.ts';

export type ReadOptions = { readonly source: SourceSpec; readonly json?: true; readonly pcie?: true };

const DEADLINE_MS = 15_000;

/** One tick as plain data: every reading with its state, value, unit and source. */
function document(sample: SourceSample, source: SourceInfo) {
  return {
    source,
    time: new Date(sample.tsMs).toISOString(),
    tookMs: sample.tookMs,
    gpus: sample.gpus.map(({ gpu, frame, processes, mig }) => {
      createPlausibility().check(frame, sample.monoMs);
      return { ...gpu, readings: readingsOf(frame, source), processes: processes ?? null, mig: mig ?? null };
    }),
    fault: sample.fault ?? null,
  };
}

/** The same for people: one line per reading. */
function lines({ gpus }: ReturnType<typeof document>): string[] {
  const format = formatterOf();
  const show = (key: MetricKey, { state, value, derived }: SourcedReading): string => {
    if (state !== 'value') return text(`state.${state}`);
    return joined(format.metric(metricOf(key), value!)) + (derived ? ` (${text('state.derived')})` : '');
  };
  return gpus.flatMap(({ index, name, uuid, readings }) => {
    const rows = metrics.map(
      ({ key }) => [text(`metric.${key}`), show(key, readings[key]), readings[key].source] as const,
    );
    const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
    return [
      `${index} ${name} · ${uuid}`,
      ...rows.map(([label, value, from]) => `  ${label.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}  ${from}`),
      '',
    ];
  });
}

async function readOnce({ source: spec, json, pcie }: ReadOptions): Promise<number> {
  const source = await openSource(spec, {
    clock: systemClock,
    settings: { intervalMs: 1000, pcieThroughput: pcie ?? false },
    speed: 1,
    nvmlWorkerUrl: new URL('nvml-worker.js', threads),
  });
  if (!source.ok) {
    printError(source.error);
    return EXIT.failed;
  }
  const sample = await source.value.read(DEADLINE_MS);
  const readings = document(sample, source.value.info());
  await source.value.close();
  if (json) out.json(readings, 2);
  else out.say(...lines(readings));
  if (sample.fault) printError(sample.fault);
  return sample.gpus.length === 0 ? EXIT.failed : EXIT.ok;
}

/** `slowburn read`: reads all GPUs once and prints every reading with its state, value, unit and source. */
export const read = {
  description: () => text('cli.read.description'),
  options: () => [...sourceOptions(), jsonOption(), new Option('--pcie', text('cli.read.pcie'))],
  run: readOnce,
} satisfies Command;
