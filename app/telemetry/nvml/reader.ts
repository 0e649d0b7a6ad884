import { metricIndex, metricOf, metrics, type Cadence, type MetricKey } from '../../metrics.ts';
import { clearFrame, readingOf, setAbsent, setValue, valueOf, type Frame } from '../../reading.ts';
import { deriveLimits, dropZeroLimits, type TLimitOffsets } from '../limits.ts';
import type { GpuIdentity, GpuProcess, MigInstance } from '../source.ts';
import { openByBusId, openByIndex, type OpenedDevice } from './device.ts';
import { watchEvents, type EventWatch } from './events.ts';
import {
  clearAnswers,
  fieldAnswer,
  fields,
  prepareFields,
  storeField,
  tLimitFields,
  type Field,
} from './field-values.ts';
import type { Getter, Variant } from './getter.ts';
import { getters } from './getters.ts';
import { createSymbols, textIn, type NativeCall, type NvmlLibrary } from './library.ts';
import { readMig } from './mig.ts';
import { linkMetrics, readNvLink } from './nvlink.ts';
import { createProcessReader, type ProcessReader } from './processes.ts';
import {
  endsReading,
  NVML_FUNCTION_NOT_FOUND,
  NVML_INVALID_ARGUMENT,
  NVML_NOT_SUPPORTED,
  NVML_SUCCESS,
  returnCode,
} from './return-codes.ts';

/** A GPU as the reader holds it. `openCode` is not 0 when the driver lists it but would not open it. */
export type ReaderGpu = { readonly identity: GpuIdentity; readonly openCode: number };

export type ListedGpus = { readonly code: number; readonly gpus: readonly ReaderGpu[] };

/** An XID error of the GPU at a position of the list. */
export type ReaderEvent = { readonly position: number; readonly xid: number };

/**
 * Reads GPUs through a bound NVML. All calls are synchronous and may block inside the driver, so this runs on a thread
 * of its own. A handle that the driver disowned is never used again: after a library-wide error, `close` and open anew.
 */
export type NvmlReader = {
  /**
   * nvmlInit and the list of GPUs.
   * @param only PCI slots: no other GPU is opened, so that one which sleeps or hangs is left alone
   */
  readonly open: (only?: readonly string[]) => ListedGpus;
  /** how many GPUs the driver lists now: another number than at `open` means that one was added or removed */
  readonly count: () => number;
  readonly versions: () => { readonly driver: string | undefined; readonly nvml: string | undefined };
  /**
   * Fills `frame` for the GPU at `position` of the list. Returns 0, or why this GPU is lost, or why all of NVML must be
   * opened anew (`returnCode(code).library`).
   */
  readonly read: (position: number, due: readonly Cadence[], frame: Frame) => number;
  /** The processes on a GPU; undefined when the driver does not tell. Costly: for the slow cadence. */
  readonly processes: (position: number) => GpuProcess[] | undefined;
  /** The instances of a GPU in MIG mode, as of its last rare reading. */
  readonly mig: (position: number) => readonly MigInstance[] | undefined;
  /** XID errors since the last call. Never waits. */
  readonly events: () => ReaderEvent[];
  readonly close: () => void;
};

type Bound = {
  readonly call: NativeCall;
  readonly variant: Variant;
  readonly out: ArrayBuffer;
  readonly view: DataView;
  /** index of the symbol in the catalogue's list, for each metric */
  readonly via: readonly number[];
};
type Device = OpenedDevice & {
  /** getters this device has refused, with the code */
  readonly refused: Map<Getter, number>;
  /** how many of a getter's variants this device has refused: the next one is tried */
  readonly skipped: Map<Getter, number>;
  readonly processes: ProcessReader;
  offsets: TLimitOffsets;
  mig: readonly MigInstance[] | undefined;
};

const VERSION_SIZE = 80;
const MOST_GPUS = 256; // a larger number was misread

function byCadence<T extends { readonly cadence: Cadence }>(all: readonly T[]): Record<Cadence, readonly T[]> {
  const of = (cadence: Cadence) => all.filter((one) => one.cadence === cadence);
  return { tick: of('tick'), slow: of('slow'), rare: of('rare'), request: of('request') };
}

const gettersOf = byCadence(getters);
const fieldsOf = byCadence(fields);
const allKeys = metrics.map(({ key }) => key);

function markAbsent(frame: Frame, keys: readonly MetricKey[], code: number): void {
  const { means } = returnCode(code);
  for (const key of keys) setAbsent(frame, key, means, code);
}

/** @param ulongBytes size of C's `unsigned long`: 8 on Linux, 4 on Windows */
export function createReader(library: NvmlLibrary, ulongBytes: 4 | 8): NvmlReader {
  const symbols = createSymbols(library, NVML_FUNCTION_NOT_FOUND);
  const { bind, callFirst } = symbols;
  let initialised = false;
  let devices: Device[] = [];
  let watch: EventWatch | undefined;

  const variants = new Map<Getter, readonly Bound[]>();
  /** The variants of a getter that this library has, newest first. */
  function boundOf(getter: Getter): readonly Bound[] {
    let bound = variants.get(getter);
    if (!bound) {
      bound = getter.variants.flatMap((variant) => {
        const call = bind(variant.symbol, variant.parameters);
        if (!call) return [];
        const out = new ArrayBuffer(variant.size);
        const via = getter.metrics.map((key) => Math.max(0, metricOf(key).nvml.indexOf(variant.symbol)));
        return [{ call, variant, out, view: new DataView(out), via }];
      });
      variants.set(getter, bound);
    }
    return bound;
  }

  function ask(device: Device, getter: Getter, frame: Frame): number {
    const refusal = device.refused.get(getter);
    if (refusal !== undefined) {
      markAbsent(frame, getter.metrics, refusal);
      return NVML_SUCCESS;
    }
    const bound = boundOf(getter);
    let code = NVML_FUNCTION_NOT_FOUND;
    for (let i = device.skipped.get(getter) ?? 0; i < bound.length; i++) {
      const { call, variant, out, view, via } = bound[i]!;
      variant.prepare?.(view);
      code = variant.invoke(call, device.handle, out);
      if (code === NVML_SUCCESS) {
        // what a variant does not tell, the card cannot tell with this driver
        if (via.length > 1) markAbsent(frame, getter.metrics, NVML_NOT_SUPPORTED);
        variant.decode(view, frame);
        for (let k = 0; k < via.length; k++) frame.via[metricIndex[getter.metrics[k]!]] = via[k]!;
        return code;
      }
      if (code === NVML_INVALID_ARGUMENT && variant.ofSeveral) code = NVML_NOT_SUPPORTED;
      if (returnCode(code).means !== 'unsupported') break;
      device.skipped.set(getter, i + 1); // an older name may still work
    }
    markAbsent(frame, getter.metrics, code);
    // what a card does not support it will hardly support on the next tick: asked again on the rare cadence
    if (returnCode(code).means === 'unsupported') device.refused.set(getter, code);
    return code;
  }

  const batches = new Map<object, { readonly buffer: ArrayBuffer; readonly view: DataView }>();
  function askFields(device: Device, wanted: readonly { readonly id: number; readonly scope?: number }[]) {
    let batch = batches.get(wanted);
    if (!batch) {
      const buffer = prepareFields(wanted);
      batch = { buffer, view: new DataView(buffer) };
      batches.set(wanted, batch);
    }
    clearAnswers(batch.view);
    const parameters = ['device', 'uint', 'out'] as const;
    const args = [device.handle, wanted.length, batch.buffer];
    return { code: callFirst(['nvmlDeviceGetFieldValues'], parameters, args), view: batch.view };
  }

  function readFields(device: Device, wanted: readonly Field[], frame: Frame): number {
    if (wanted.length === 0) return NVML_SUCCESS;
    const { code, view } = askFields(device, wanted);
    wanted.forEach((field, i) => {
      if (code === NVML_SUCCESS) storeField(frame, field, fieldAnswer(view, i, ulongBytes));
      else markAbsent(frame, [field.metric], code);
    });
    return code;
  }

  function tLimitOffsets(device: Device): TLimitOffsets {
    const { code, view } = askFields(device, tLimitFields);
    if (code !== NVML_SUCCESS) return {};
    return Object.fromEntries(
      tLimitFields
        .map(({ name }, i) => [name, fieldAnswer(view, i, ulongBytes)] as const)
        .filter(([, answer]) => answer.code === NVML_SUCCESS)
        .map(([name, answer]) => [name, answer.value]),
    );
  }

  /** What is there only where something else is: absent for the same reason, or because there is none of it. */
  function followAbsence(frame: Frame, keys: readonly MetricKey[], from: MetricKey): void {
    const reading = readingOf(frame, from);
    for (const key of keys) {
      if (reading.state === 'value') setAbsent(frame, key, 'unsupported', NVML_NOT_SUPPORTED);
      else setAbsent(frame, key, reading.state, reading.reason);
    }
  }

  /** What needs more than one call: links, instances. Returns a code that ends the reading of this GPU, or 0. */
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

  /** Reads what is due at one cadence. Returns a code that ends the reading of this GPU, or 0. */
  function readCadence(device: Device, cadence: Cadence, frame: Frame): number {
    if (cadence === 'rare') {
      device.refused.clear();
      device.skipped.clear();
    }
    for (const getter of gettersOf[cadence]) {
      const code = ask(device, getter, frame);
      if (endsReading(code)) return code;
    }
    const code = readFields(device, fieldsOf[cadence], frame);
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
    open(only) {
      const code = callFirst(['nvmlInit_v2', 'nvmlInit'], [], []);
      if (code !== NVML_SUCCESS) return { code, gpus: [] };
      initialised = true;
      const countCode = countDevices();
      if (countCode !== NVML_SUCCESS) return { code: countCode, gpus: [] };
      const opened = only
        ? only.map((busId, position) => openByBusId(symbols, busId, position))
        : Array.from({ length: listed() }, (_, index) => openByIndex(symbols, index));
      devices = opened.map((device) => ({
        ...device,
        refused: new Map(),
        skipped: new Map(),
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
      countDevices(); // when it fails the reading says so too: the last number stands
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
      let code = device.openCode; // without a handle a call would crash inside the driver
      for (let i = 0; i < due.length && code === NVML_SUCCESS; i++) code = readCadence(device, due[i]!, frame);
      if (code !== NVML_SUCCESS) {
        markAbsent(frame, allKeys, code); // nothing of this GPU can be had: say so, and call no more
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
