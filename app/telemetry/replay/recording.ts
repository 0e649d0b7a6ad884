import { z } from '../../core/zod.ts';
import { isMetricKey, metrics } from '../../metrics/metrics.ts';
import { createFrame, readingOf, setAbsent, setValue, type Frame } from '../../metrics/frame.ts';
import { readingStates, type Absence } from '../../core/reading.ts';
import { text as sentence } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { parseSmiTimestamp } from '../logs/stamps.ts';
import { decodeDocument, type SmiDocument } from '../smi/document.ts';
import { createDocumentStream } from '../smi/document-stream.ts';
import { decodeText } from '../smi/text.ts';
import type { GpuIdentity, GpuSample } from '../source.ts';
import { readCsv } from './csv.ts';

/** One moment of a recording. */
export type RecordedSample = { readonly tsMs: number; readonly gpus: readonly GpuSample[] };

export type Recording = {
  readonly samples: readonly RecordedSample[];
  readonly driverVersion?: string;
  /** which list of names the readings came under, if nvidia-smi wrote the recording */
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

export type OwnDecoder = {
  readonly driverVersion?: string;
  /** undefined for a line that cannot be read */
  readonly line: (text: string) => RecordedSample | undefined;
};

/** A decoder for the lines of Slowburn's own recording, made from its first line. */
export function ownDecoder(first: string): Result<OwnDecoder> {
  const header = headerSchema.safeParse(parseJson(first));
  if (!header.success) {
    return err('recording-unreadable', sentence('telemetry.replay.badHeader'));
  }
  const identities = new Map(header.data.gpus.map((gpu) => [gpu.uuid, gpu as GpuIdentity]));
  const { driverVersion } = header.data;
  return ok({
    ...(driverVersion ? { driverVersion } : {}),
    line(text) {
      const parsed = lineSchema.safeParse(parseJson(text));
      if (!parsed.success) return undefined;
      const gpus = Object.entries(parsed.data.gpus).flatMap(([uuid, readings]) => {
        const gpu = identities.get(uuid);
        return gpu ? [{ gpu, frame: frameOf(readings) }] : [];
      });
      return { tsMs: parsed.data.t, gpus };
    },
  });
}

function readOwn(text: string): Result<Recording> {
  const [first = '', ...lines] = text.split('\n');
  const decoder = ownDecoder(first);
  if (!decoder.ok) return decoder;
  const { line: decode, ...about } = decoder.value;
  const samples: RecordedSample[] = [];
  let unreadable = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const sample = decode(line);
    if (sample) samples.push(sample);
    else unreadable++;
  }
  return ok({ samples, unreadable, ...about });
}

/** Documents of nvidia-smi in the order in which they were printed. */
function recordingOf(documents: readonly Result<SmiDocument>[], noise: number): Result<Recording> {
  const samples: RecordedSample[] = [];
  let unreadable = noise;
  let driverVersion: string | undefined;
  let problem: Result<never> | undefined;
  for (const decoded of documents) {
    if (!decoded.ok) {
      unreadable++;
      problem = decoded;
      continue;
    }
    driverVersion ??= decoded.value.driverVersion;
    const previous = samples.at(-1)?.tsMs;
    // stamps have whole seconds: two documents with the same one are taken to be a second apart
    const stamp = parseSmiTimestamp(decoded.value.timestamp) ?? (previous === undefined ? 0 : previous + 1000);
    const tsMs = previous === undefined || stamp > previous ? stamp : previous + 1000;
    samples.push({ tsMs, gpus: decoded.value.gpus });
  }
  if (samples.length === 0 && problem) return problem;
  return ok({ samples, unreadable, names: 'xml', ...(driverVersion ? { driverVersion } : {}) });
}

function readDocuments(text: string): Result<Recording> {
  const documents: Result<SmiDocument>[] = [];
  let noise = 0;
  const stream = createDocumentStream(
    (xml) => documents.push(decodeDocument(xml)),
    () => noise++,
  );
  stream.push(text);
  stream.end();
  return recordingOf(documents, noise);
}

/** The text of `nvidia-smi -q`, once or in a loop: each begins with a headline. */
const readTexts = (text: string): Result<Recording> =>
  recordingOf(
    text
      .trimStart()
      .split(/^(?==+NVSMI LOG=)/m)
      .map(decodeText),
    0,
  );

const FAILED = /^(?:NVIDIA-SMI (?:has failed|couldn't)|Failed to initialize NVML|Unable to determine the device)/;

/** Why a text is not a recording, if its beginning shows that. */
function whyNone(start: string, name: string): Result<never> | undefined {
  if (start === '') return err('recording-unreadable', sentence('telemetry.replay.empty', { name }));
  const [first = ''] = start.split(/\r?\n/, 1);
  if (FAILED.test(first)) {
    return err(
      'recording-unreadable',
      sentence('telemetry.replay.smiFailed', { name, said: first }),
      sentence('telemetry.replay.smiFailedNext'),
    );
  }
  return undefined;
}

const unknownForm = (name: string): Result<never> =>
  err('recording-unreadable', sentence('telemetry.replay.unknown', { name }), sentence('telemetry.replay.unknownNext'));

/**
 * Reads a recording in any form Slowburn can play: its own, a stream of `nvidia-smi -q -x` documents or of `-q` texts, or
 * the CSV of `nvidia-smi --query-gpu`. The content decides which it is.
 * @param name shown for a card that the recording does not name
 */
export function readRecording(text: string, name: string): Result<Recording> {
  const start = text.slice(0, 4096).trimStart();
  const none = whyNone(start, name);
  if (none) return none;
  const recording = start.startsWith('{')
    ? readOwn(text)
    : start.startsWith('<')
      ? readDocuments(text)
      : start.startsWith('=')
        ? readTexts(text)
        : readCsv(text, name);
  if (!recording.ok)
    return start.split('\n', 1)[0]!.includes(',') || /^[{<=]/.test(start) ? recording : unknownForm(name);
  if (recording.value.samples.length === 0) {
    return start.startsWith('<')
      ? unknownForm(name)
      : err('recording-unreadable', sentence('telemetry.replay.noSample', { name }));
  }
  if (recording.value.samples.every(({ gpus }) => gpus.length === 0)) {
    return err('recording-unreadable', sentence('telemetry.replay.noGpu', { name }));
  }
  return recording;
}
