import { cadences, metrics, type Cadence, type MetricKey } from '../../metrics/metrics.ts';
import { clearFrame, readingOf, setAbsent, setValue, valueOf, type Frame } from '../../metrics/frame.ts';
import { deriveLimits, dropZeroLimits, type TLimitOffsets } from '../limits.ts';
import type { GpuIdentity, GpuProcess, MigInstance } from '../source.ts';
import { numbered, numberOf, type Card } from './cards.ts';
import { openByBusId, openByIndex, type OpenedDevice } from './device.ts';
import { watchEvents, type EventWatch } from './events.ts';
import {
  clearAnswers,
  fieldCode,
  fields,
  fieldValue,
  prepareFields,
  storeField,
  tLimitFields,
  type Batch,
} from './field-values.ts';
import { getters } from './getters.ts';
import { createSymbols, textIn, type NativeCall, type NvmlLibrary } from './library.ts';
import { readMig } from './mig.ts';
import { linkMetrics, readNvLink } from './nvlink.ts';
import { createProcessReader, type ProcessReader } from './processes.ts';
import { ask, bindGetters, byCadence, markAbsent, type Question } from './questions.ts';
import { endsReading, NVML_FUNCTION_NOT_FOUND, NVML_NOT_SUPPORTED, NVML_SUCCESS } from './return-codes.ts';

/** A GPU that the driver lists. `openCode` is 0, or the NVML code with which opening it failed. */
export type ReaderGpu = { readonly identity: GpuIdentity; readonly openCode: number };

/** Reports the progress of `open`, which may hang at any card. */
export type OpenWatch = { readonly listed: (count: number) => void; readonly opening: (card: Card) => void };

export type ListedGpus = { readonly code: number; readonly gpus: readonly ReaderGpu[] };

/** An XID error of the GPU at a position of the list. */
export type ReaderEvent = { readonly position: number; readonly xid: number };

/**
 * Reads GPUs through NVML. All calls are synchronous and may block inside the driver, so this runs on a separate thread.
 * Handles become invalid after a library-wide error: `close`, then `open` again.
 */
export type NvmlReader = {
  /**
   * nvmlInit and the list of GPUs.
   * @param only the cards to open; opening another could wake it or hang
   */
  readonly open: (only?: readonly Card[], watch?: OpenWatch) => ListedGpus;
  /** how many GPUs the driver lists now; differs from `open` after one was added or removed */
  readonly count: () => number;
  readonly versions: () => { readonly driver: string | undefined; readonly nvml: string | undefined };
  /**
   * Fills `frame` for the GPU at `position` of the list.
   * @returns 0, the NVML code with which this GPU is lost, or one that requires reopening NVML
   *   (`returnCode(code).library`)
   */
  readonly read: (position: number, due: readonly Cadence[], frame: Frame) => number;
  /** The processes on a GPU; undefined if the driver does not report them. Expensive: for the slow cadence. */
  readonly processes: (position: number) => GpuProcess[] | undefined;
  /** The instances of a GPU in MIG mode, as of its last rare reading. */
  readonly mig: (position: number) => readonly MigInstance[] | undefined;
  /** XID errors since the last call. Never waits. */
  readonly events: () => ReaderEvent[];
  readonly close: () => void;
};

type Device = OpenedDevice & {
  readonly questions: Record<Cadence, Question[]>;
  readonly processes: ProcessReader;
  offsets: TLimitOffsets;
  mig: readonly MigInstance[] | undefined;
};

const VERSION_SIZE = 80;
const MOST_GPUS = 256; // a larger number is a misread

const fieldsOf = byCadence(fields);
const allKeys = metrics.map(({ key }) => key);

/** @param ulongBytes size of C's `unsigned long`: 8 on Linux, 4 on Windows */
export function createReader(library: NvmlLibrary, ulongBytes: 4 | 8): NvmlReader {
  const symbols = createSymbols(library, NVML_FUNCTION_NOT_FOUND);
  const { callFirst } = symbols;
  let questionsFor: ReturnType<typeof bindGetters> | undefined;
  let initialised = false;
  let devices: Device[] = [];
  let watch: EventWatch | undefined;

  const batchOf = Object.fromEntries(cadences.map((cadence) => [cadence, prepareFields(fieldsOf[cadence])])) as Record<
    Cadence,
    Batch
  >;
  const limitBatch = prepareFields(tLimitFields);
  let getFieldValues: NativeCall | undefined;
  function askFields(device: Device, batch: Batch): number {
    getFieldValues ??= symbols.bind('nvmlDeviceGetFieldValues', ['device', 'uint', 'out']);
    clearAnswers(batch);
    return getFieldValues?.(device.handle, batch.count, batch.memory) ?? NVML_FUNCTION_NOT_FOUND;
  }

  function readFields(device: Device, cadence: Cadence, frame: Frame): number {
    const wanted = fieldsOf[cadence];
    const batch = batchOf[cadence];
    if (wanted.length === 0) return NVML_SUCCESS;
    const code = askFields(device, batch);
    for (let i = 0; i < wanted.length; i++) {
      if (code === NVML_SUCCESS) storeField(frame, wanted[i]!, batch, i, ulongBytes);
      else markAbsent(frame, [wanted[i]!.metric], code);
    }
    return code;
  }

  function tLimitOffsets(device: Device): TLimitOffsets {
    if (askFields(device, limitBatch) !== NVML_SUCCESS) return {};
    return Object.fromEntries(
      tLimitFields.flatMap(({ name }, i) =>
        fieldCode(limitBatch, i) === NVML_SUCCESS ? [[name, fieldValue(limitBatch, i, ulongBytes)]] : [],
      ),
    );
  }

  /** Metrics that depend on another one (links, instances): absent for the same reason, or because there are none. */
  function followAbsence(frame: Frame, keys: readonly MetricKey[], from: MetricKey): void {
    const reading = readingOf(frame, from);
    for (const key of keys) {
      if (reading.state === 'value') setAbsent(frame, key, 'unsupported', NVML_NOT_SUPPORTED);
      else setAbsent(frame, key, reading.state, reading.reason);
    }
  }

  /** Reads what needs several calls: links, instances. @returns 0, or a code that ends the reading of this GPU */
  function readParts(device: Device, frame: Frame): number {
    device.mig = undefined;
    const links = valueOf(frame, 'nvlinkCount');
    const linkCode = links ? readNvLink(symbols, device.handle, links, frame) : NVML_SUCCESS;
    if (linkCode !== NVML_SUCCESS) return linkCode;
    if (!links) followAbsence(frame, linkMetrics, 'nvlinkCount');
    if (valueOf(frame, 'migMode') !== 1) {
      followAbsence(frame, ['migInstances'], 'migMode');
      return NVML_SUCCESS;
    }
    const { code, instances } = readMig(symbols, device.handle);
    device.mig = instances;
    if (instances) setValue(frame, 'migInstances', instances.length);
    else markAbsent(frame, ['migInstances'], code);
    return endsReading(code) ? code : NVML_SUCCESS;
  }

  function forgetRefusals({ questions }: Device): void {
    for (const question of Object.values(questions).flat()) [question.skipped, question.refusal] = [0, NVML_SUCCESS];
  }

  /** Reads what is due at one cadence. @returns 0, or a code that ends the reading of this GPU */
  function readCadence(device: Device, cadence: Cadence, frame: Frame): number {
    if (cadence === 'rare') forgetRefusals(device);
    for (const question of device.questions[cadence]) {
      const code = ask(question, device.handle, frame);
      if (endsReading(code)) return code;
    }
    const code = readFields(device, cadence, frame);
    if (endsReading(code)) return code;
    if (cadence === 'slow') {
      dropZeroLimits(frame);
      device.offsets = tLimitOffsets(device);
    }
    return cadence === 'rare' ? readParts(device, frame) : NVML_SUCCESS;
  }

  const listing = new ArrayBuffer(4);
  const countDevices = (): number => callFirst(['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'], ['out'], [listing]);
  const listed = (): number => Math.min(MOST_GPUS, new DataView(listing).getUint32(0, true));

  return {
    open(only, progress) {
      const code = callFirst(['nvmlInit_v2', 'nvmlInit'], [], []);
      if (code !== NVML_SUCCESS) return { code, gpus: [] };
      initialised = true;
      const countCode = countDevices();
      if (countCode !== NVML_SUCCESS) return { code: countCode, gpus: [] };
      progress?.listed(listed());
      const opened = (only ?? Array.from({ length: listed() }, (_, index) => numbered(index))).map((card, position) => {
        progress?.opening(card);
        const number = numberOf(card);
        return number === undefined ? openByBusId(symbols, card, position) : openByIndex(symbols, number);
      });
      questionsFor ??= bindGetters(symbols, getters);
      devices = opened.map((device) => ({
        ...device,
        questions: questionsFor!(),
        processes: createProcessReader(symbols, device.handle),
        offsets: {},
        mig: undefined,
      }));
      const usable = devices.filter(({ openCode }) => openCode === NVML_SUCCESS);
      watch = watchEvents(
        symbols,
        usable.map(({ handle }) => handle),
      );
      return { code: NVML_SUCCESS, gpus: devices.map(({ identity, openCode }) => ({ identity, openCode })) };
    },

    count() {
      countDevices(); // if it fails, the next reading reports why; the last number stays
      return listed();
    },

    versions() {
      const version = (symbol: string): string | undefined => {
        const out = new ArrayBuffer(VERSION_SIZE);
        const code = callFirst([symbol], ['out', 'uint'], [out, VERSION_SIZE]);
        return code === NVML_SUCCESS ? textIn(out) : undefined;
      };
      return { driver: version('nvmlSystemGetDriverVersion'), nvml: version('nvmlSystemGetNVMLVersion') };
    },

    read(position, due, frame) {
      const device = devices[position]!;
      clearFrame(frame);
      let code = device.openCode; // a call without a handle would crash inside the driver
      for (let i = 0; i < due.length && code === NVML_SUCCESS; i++) code = readCadence(device, due[i]!, frame);
      if (code !== NVML_SUCCESS) {
        markAbsent(frame, allKeys, code); // no metric of this GPU can be read
        return code;
      }
      if (due.includes('slow')) deriveLimits(frame, device.offsets);
      return NVML_SUCCESS;
    },

    processes(position) {
      const device = devices[position]!;
      return device.openCode === NVML_SUCCESS ? device.processes() : undefined;
    },

    mig: (position) => devices[position]!.mig,

    events: () =>
      (watch?.take() ?? []).flatMap(({ device, xid }) => {
        const position = devices.findIndex(({ handle }) => handle === device);
        return position < 0 ? [] : [{ position, xid }];
      }),

    close() {
      if (initialised) {
        watch?.close();
        callFirst(['nvmlShutdown'], [], []);
      }
      initialised = false;
      watch = undefined;
      devices = [];
    },
  };
}
