import * as z from 'zod';
import { isMetricKey, metrics } from '../../metrics.ts';
import { createFrame, readingOf, readingStates, setAbsent, setValue, type Absence, type Frame } from '../../reading.ts';
import { err, ok, type Result } from '../../result.ts';
import { smiCsvDecoder } from '../logs/smi-csv.ts';
import { decodeDocument } from '../smi/document.ts';
import { createDocumentStream } from '../smi/document-stream.ts';
import type { GpuIdentity, GpuSample } from '../source.ts';

/** One moment of a recording. */
export type RecordedSample = { readonly tsMs: number; readonly gpus: readonly GpuSample[] };

export type Recording = {
  readonly samples: readonly RecordedSample[];
  readonly driverVersion?: string;
  /** whose names the readings came under, where it is a recording of nvidia-smi's own output */
  readonly names?: 'xml' | 'csv';
  /** lines or documents that could not be read: counted, never silently dropped */
  readonly unreadable: number;
};

/**
 * Slowburn's own recording: JSON lines. The first names the format; each further line is one moment: `t` in ms since
 * 1970, and for each GPU the readings that were taken: a number, or the state that says why there is none.
 */
export const RECORDING_FORMAT = 'slowburn-recording';

const headerSchema = z.object({
  format: z.literal(RECORDING_FORMAT),
  version: z.literal(1),
  driverVersion: z.string().optional(),
  gpus: z.array(
    z.object({
      uuid: z.string().min(1),
      index: z.int().min(0),
      name: z.string(),
      pciBusId: z.string(),
      vbios: z.string().optional(),
    }),
  ),
});
const lineSchema = z.object({
  t: z.number(),
  gpus: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.enum(readingStates)]))),
});

/** Header line of a recording. */
export const recordingHeader = (gpus: readonly GpuIdentity[], driverVersion?: string): string =>
  JSON.stringify({ format: RECORDING_FORMAT, version: 1, ...(driverVersion ? { driverVersion } : {}), gpus });

/** One moment as a line of a recording. */
export function recordingLine({ tsMs, gpus }: RecordedSample): string {
  const readings = (frame: Frame) =>
    Object.fromEntries(
      metrics.flatMap(({ key }) => {
        const reading = readingOf(frame, key);
        if (reading.state === 'unread') return [];
        return [[key, reading.state === 'value' ? reading.value : reading.state]];
      }),
    );
  return JSON.stringify({
    t: tsMs,
    gpus: Object.fromEntries(gpus.map(({ gpu, frame }) => [gpu.uuid, readings(frame)])),
  });
}

function frameOf(readings: Readonly<Record<string, number | string>>): Frame {
  const frame = createFrame();
  for (const [key, reading] of Object.entries(readings)) {
    if (!isMetricKey(key)) continue; // from a newer version
    if (typeof reading === 'number') setValue(frame, key, reading);
    else if (reading !== 'value') setAbsent(frame, key, reading as Absence);
  }
  return frame;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // counted as unreadable by the caller
  }
}

function readOwn(text: string): Result<Recording> {
  const [first = '', ...lines] = text.split('\n');
  const header = headerSchema.safeParse(parseJson(first));
  if (!header.success) {
    return err('recording-unreadable', 'The first line of the recording is not a Slowburn header of version 1.');
  }
  const identities = new Map(header.data.gpus.map((gpu) => [gpu.uuid, gpu as GpuIdentity]));
  const samples: RecordedSample[] = [];
  let unreadable = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const parsed = lineSchema.safeParse(parseJson(line));
    if (!parsed.success) {
      unreadable++;
      continue;
    }
    const gpus = Object.entries(parsed.data.gpus).flatMap(([uuid, readings]) => {
      const gpu = identities.get(uuid);
      return gpu ? [{ gpu, frame: frameOf(readings) }] : [];
    });
    samples.push({ tsMs: parsed.data.t, gpus });
  }
  const { driverVersion } = header.data;
  return ok({ samples, unreadable, ...(driverVersion ? { driverVersion } : {}) });
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** "Thu Aug  6 01:03:40 2026", local time of the machine that printed it. */
export function parseSmiTimestamp(text: string | undefined): number | undefined {
  const match = /^\w{3} (\w{3}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})$/.exec(text ?? '');
  const month = match ? months.indexOf(match[1]!) : -1;
  if (!match || month < 0) return undefined;
  const [day, hour, minute, second, year] = match.slice(2).map(Number) as [number, number, number, number, number];
  return new Date(year, month, day, hour, minute, second).getTime();
}

function readDocuments(text: string): Result<Recording> {
  const samples: RecordedSample[] = [];
  let unreadable = 0;
  let driverVersion: string | undefined;
  let problem: Result<never> | undefined;
  const stream = createDocumentStream(
    (xml) => {
      const decoded = decodeDocument(xml);
      if (!decoded.ok) {
        unreadable++;
        problem = decoded;
        return;
      }
      driverVersion ??= decoded.value.driverVersion;
      const previous = samples.at(-1)?.tsMs;
      // stamps have whole seconds: two documents with the same one are taken to be a second apart
      const stamp = parseSmiTimestamp(decoded.value.timestamp) ?? (previous === undefined ? 0 : previous + 1000);
      const tsMs = previous === undefined || stamp > previous ? stamp : previous + 1000;
      samples.push({ tsMs, gpus: decoded.value.gpus });
    },
    () => unreadable++,
  );
  stream.push(text);
  stream.end();
  if (samples.length === 0 && problem) return problem;
  return ok({ samples, unreadable, names: 'xml', ...(driverVersion ? { driverVersion } : {}) });
}

function readCsv(text: string, name: string): Result<Recording> {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const decoder = smiCsvDecoder(header);
  if (!decoder.ok) return decoder;
  const identities = new Map<string, GpuIdentity>();
  const byTime = new Map<number, Map<string, GpuSample>>();
  let unreadable = 0;
  let lastMs = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const row = decoder.value.row(line);
    if (!row) {
      unreadable++;
      continue;
    }
    const uuid = row.uuid ?? row.pciBusId ?? (row.index === undefined ? `FILE-${name}` : `FILE-${name}-${row.index}`);
    if (!identities.has(uuid)) {
      const index = row.index === undefined ? identities.size : Number(row.index);
      identities.set(uuid, { uuid, index, name: row.name ?? name, pciBusId: row.pciBusId ?? '' });
    }
    lastMs = row.tsMs ?? lastMs + 1000;
    const moment = byTime.get(lastMs) ?? new Map<string, GpuSample>();
    moment.set(uuid, { gpu: identities.get(uuid)!, frame: row.frame });
    byTime.set(lastMs, moment);
  }
  const samples = [...byTime].sort(([a], [b]) => a - b).map(([tsMs, gpus]) => ({ tsMs, gpus: [...gpus.values()] }));
  return ok({ samples, unreadable, names: 'csv' });
}

/**
 * Reads a recording in any form Slowburn can play: its own, a stream of `nvidia-smi -q -x` documents, or the CSV of
 * `nvidia-smi --query-gpu`. The form is told from the content.
 * @param name shown for a card that the recording does not name
 */
export function readRecording(text: string, name: string): Result<Recording> {
  const start = text.slice(0, 4096).trimStart();
  const recording = start.startsWith('{')
    ? readOwn(text)
    : start.startsWith('<')
      ? readDocuments(text)
      : readCsv(text, name);
  if (recording.ok && recording.value.samples.length === 0) {
    return err('recording-unreadable', `There is no sample in ${name}.`);
  }
  return recording;
}
