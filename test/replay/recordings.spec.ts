import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricOf, metrics, type MetricKey } from '../../app/metrics.ts';
import { readingOf, valueOf } from '../../app/reading.ts';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';
import { recordings } from '../support/shared.ts';

/** A second way to a cell that shares nothing with the decoder: nested regular expressions. */
function cellsOf(gpu: string, path: string): string | undefined {
  let text: string | undefined = gpu;
  for (const tag of path.split('/')) {
    // only a direct child counts, so deeper elements of the same name are blanked out by depth
    text = directChild(text, tag);
    if (text === undefined) return undefined;
  }
  return /</.test(text) ? undefined : text.trim();
}

function directChild(text: string, tag: string): string | undefined {
  let depth = 0;
  let start = -1;
  for (const match of text.matchAll(/<(\/?)([\w:-]+)[^>]*?(\/?)>/g)) {
    const [whole, close, name, empty] = match;
    if (close) {
      depth--;
      if (depth === 0 && name === tag && start >= 0) return text.slice(start, match.index);
    } else {
      if (depth === 0 && name === tag) {
        if (empty) return '';
        start = match.index + whole.length;
      }
      if (!empty) depth++;
    }
  }
  return undefined;
}

const gpusOf = (xml: string): string[] =>
  [...xml.replace(/<!--.*?-->/gs, '').matchAll(/<gpu id="[^"]*">(.*?)<\/gpu>/gs)].map((match) => match[1]!);

const units: Record<string, number> = { C: 1, W: 1, '%': 1, MHz: 1, MiB: 2 ** 20, us: 1 };
const numberOf = (cell: string | undefined): number | undefined => {
  const match = /^P?(-?[\d.]+)(?: (\S+))?$/.exec(cell ?? '');
  return match ? Number(match[1]) * (match[2] ? units[match[2]]! : 1) : undefined;
};

const xmlFiles = recordings((name) => name.endsWith('.xml'));

describe.each(xmlFiles)('$name', ({ file }) => {
  const xml = fs.readFileSync(file, 'utf8');

  it('is decoded without a wrong value, by a second path', () => {
    const decoded = decodeDocument(xml);
    if (!decoded.ok) throw new Error(decoded.error.message);
    const blocks = gpusOf(xml);
    expect(decoded.value.gpus).toHaveLength(blocks.length);
    decoded.value.gpus.forEach(({ gpu, frame }, i) => {
      expect(gpu.uuid).toBe(cellsOf(blocks[i]!, 'uuid') ?? gpu.uuid);
      expect(gpu.name).toBe(cellsOf(blocks[i]!, 'product_name'));
      for (const { key, xml: paths } of metrics) {
        if (key === 'throttleReasons') continue;
        const cells = paths.map((path) => cellsOf(blocks[i]!, path));
        const printed = cells.map(numberOf).find((number) => number !== undefined);
        const reading = readingOf(frame, key);
        if (reading.state === 'value' && reading.derived) expect(printed, key).toBeUndefined();
        else expect(valueOf(frame, key), key).toBe(printed);
      }
      const active = [...blocks[i]!.matchAll(/<clocks_(?:event|throttle)_reason_(\w+)>Active</g)].map(
        (match) => match[1],
      );
      const mask = valueOf(frame, 'throttleReasons');
      if (mask !== undefined)
        expect(active.filter((tag) => tag !== 'unknown')).toHaveLength(
          [...mask.toString(2)].filter((bit) => bit === '1').length,
        );
      else expect(active).toEqual([]);
    });
  });

  it('can be played', () => {
    const recording = readRecording(xml, 'x');
    expect(recording.ok).toBe(true);
    if (recording.ok) expect(recording.value.samples).toHaveLength(1);
  });
});

/** Read in the files by eye: what a person sees there, across drivers 352 to 595. */
const byEye: Record<string, Partial<Record<MetricKey, number | null>>> = {
  'rai-project__nvidia-smi/example1.xml': {
    coreTempC: 31,
    powerW: 17.97,
    powerLimitW: 125,
    fanPct: null,
    tempSlowdownC: 92,
    tempShutdownC: 97,
    tempMaxC: null,
    vramUsedBytes: 11 * 2 ** 20,
    throttleReasons: 1,
    pstate: 8,
  },
  'nvidia-smi-on-mock-driver/rtx4090-hwthermal-fanstop--smi-390.157.xml': {
    coreTempC: 98,
    powerW: 188,
    memTempC: 84,
    fanPct: 0,
    gpuUtilPct: 99,
    pstate: 2,
    tempShutdownC: 100,
  },
  'influxdata__telegraf/quadro-p400.xml': {
    coreTempC: 33,
    powerW: null,
    powerLimitW: null,
    fanPct: 34,
    tempShutdownC: 103,
    tempMaxC: null,
    graphicsClockMhz: 139,
  },
  'influxdata__telegraf/gtx-1660-ti.xml': { coreTempC: 40, powerW: 8.93, fanPct: 0, tempMaxC: 91, memTempC: null },
  'f1shl3gs__vertex/nvidia-smi.xml': {
    coreTempC: 39,
    powerW: 17.22,
    gpuUtilPct: 19,
    tempTargetC: 83,
    tempMaxC: null,
    powerLimitW: 180,
  },
  'netdata__netdata/a100-sxm4-mig.xml': {
    coreTempC: 36,
    memTempC: 44,
    powerW: 66.92,
    gpuUtilPct: null,
    fanPct: null,
    tempMaxC: 85,
    powerLimitW: 400,
    throttleReasons: 0,
  },
  'influxdata__telegraf/a10g.xml': { coreTempC: 17, powerW: 25.58, tempMaxC: 88, powerLimitW: 300 },
  'netdata__netdata/rtx-2080-win.xml': {
    coreTempC: 29,
    powerW: 14.5,
    fanPct: 37,
    gpuUtilPct: 2,
    powerLimitW: 275,
    vramUsedBytes: 862 * 2 ** 20,
  },
  'netdata__netdata/rtx-3060.xml': {
    coreTempC: 45,
    powerW: 8.7,
    powerLimitW: null,
    fanPct: null,
    tempSlowdownC: 102,
    tempMaxC: 75,
  },
  'influxdata__telegraf/quadro-p2000-v12.xml': {
    coreTempC: 34,
    powerW: 4.61,
    fanPct: 46,
    tempMarginK: null,
    tempSlowdownC: 101,
  },
  'netdata__netdata/rtx-4090-driver-535.xml': {
    coreTempC: 40,
    tempMarginK: 43,
    tempMaxC: 83,
    tempSlowdownC: 85,
    tempShutdownC: 90,
    tempTargetC: 84,
    powerW: 26.84,
    powerAverageW: null,
    powerLimitW: 450,
  },
  'influxdata__telegraf/rtx-3060-v12.xml': {
    coreTempC: 42,
    powerW: 11.6,
    powerAverageW: 11.6,
    powerInstantW: 11.63,
    powerLimitW: 170,
  },
  'influxdata__telegraf/3090-v13.xml': {
    coreTempC: 32,
    powerW: 35.06,
    powerInstantW: 35.15,
    powerLimitW: 350,
    throttleReasons: 4,
  },
  'influxdata__telegraf/rtx-4000-sff-ada-v13.xml': {
    coreTempC: 38,
    tempMarginK: 49,
    tempSlowdownC: 89,
    tempShutdownC: 94,
    powerW: 8.81,
    throttledSwPowerUs: 4251825415,
    powerLimitW: 70,
    fanPct: 30,
  },
};

describe('read by eye', () => {
  const known = new Map(xmlFiles.map(({ name, file }) => [name.replace('nvidia-smi/', ''), file]));
  const there = Object.entries(byEye).filter(([name]) => known.has(name));

  it('are at least ten cards where the recordings are there', () => {
    expect(there.length === 0 || there.length >= 10).toBe(true);
  });

  for (const [name, expected] of there) {
    it(`${name} says the same`, () => {
      const decoded = decodeDocument(fs.readFileSync(known.get(name)!, 'utf8'));
      if (!decoded.ok) throw new Error(decoded.error.message);
      for (const [key, value] of Object.entries(expected) as [MetricKey, number | null][]) {
        expect(valueOf(decoded.value.gpus[0]!.frame, key) ?? null, key).toBe(value);
      }
    });
  }
});

const streams = recordings((name) => name.endsWith('.xmlstream'));
const csvs = recordings((name) => /traces\/.*\.csv$/.test(name));

describe('a stream of documents', () => {
  it.each(streams)('$name is played document by document', ({ file }) => {
    const text = fs.readFileSync(file, 'utf8');
    const recording = readRecording(text, 'x');
    if (!recording.ok) throw new Error(recording.error.message);
    expect(recording.value.samples).toHaveLength(text.match(/<\/nvidia_smi_log>/g)!.length);
    const stamps = recording.value.samples.map(({ tsMs }) => tsMs);
    expect(stamps).toEqual([...new Set(stamps)].sort((a, b) => a - b));
  });
});

describe('a trace', () => {
  it.each(csvs)('$name is played line by line', ({ file }) => {
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
    const recording = readRecording(lines.join('\n'), 'x');
    if (!recording.ok) throw new Error(recording.error.message);
    const { samples, unreadable } = recording.value;
    const stamps = new Set(lines.slice(1).map((line) => line.split(',')[0]));
    expect(samples.length + unreadable).toBe(stamps.size);
    expect(unreadable).toBe(0);
    const columns = lines[0]!.split(',').map((name) => name.trim());
    const at = columns.findIndex((name) => name.startsWith('power.draw ['));
    const last = new Map(lines.slice(1).map((line) => [line.split(',')[0], line.split(',')[at]!.trim()]));
    const printed = [...last.values()].map((cell) => Number(cell.replace(' W', '')));
    const powers = samples.map(({ gpus }) => valueOf(gpus[0]!.frame, 'powerW'));
    expect(powers).toEqual(printed.map((watts) => Math.round(watts * 1000) / 1000));
    expect(metricOf('powerW').unit).toBe('W');
  });
});
