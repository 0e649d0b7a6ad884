import { metrics, type Cadence, type MetricKey } from '../../metrics.ts';
import { clearFrame, setAbsent, type Frame } from '../../reading.ts';
import { deriveLimits, dropZeroLimits, type TLimitOffsets } from '../limits.ts';
import type { GpuIdentity, GpuProcess } from '../source.ts';
import { fieldAnswer, fields, prepareFields, storeField, tLimitFields, type Field } from './field-values.ts';
import { getters, type Getter, type Variant } from './getters.ts';
import type { Argument, NativeCall, NvmlLibrary, Parameter } from './library.ts';
import { readProcesses } from './processes.ts';
import { NVML_FUNCTION_NOT_FOUND, NVML_SUCCESS, returnCode } from './return-codes.ts';

/** A GPU as the reader holds it. `openCode` is not 0 when the driver lists it but would not open it. */
export type ReaderGpu = { readonly identity: GpuIdentity; readonly openCode: number };

export type ListedGpus = { readonly code: number; readonly gpus: readonly ReaderGpu[] };

/**
 * Reads GPUs through a bound NVML. All calls are synchronous and may block inside the driver, so this runs on a thread
 * of its own. A handle that the driver disowned is never used again: after a library-wide error, `close` and open anew.
 */
export type NvmlReader = {
  /** nvmlInit and the list of GPUs. */
  readonly open: () => ListedGpus;
  readonly versions: () => { readonly driver: string | undefined; readonly nvml: string | undefined };
  /**
   * Fills `frame` for the GPU at `position` of the list. Returns 0, or why this GPU is lost, or why all of NVML must be
   * opened anew (`returnCode(code).library`).
   */
  readonly read: (position: number, cadences: readonly Cadence[], frame: Frame) => number;
  /** The processes on a GPU; undefined when the driver does not tell. Costly: for the slow cadence. */
  readonly processes: (position: number) => GpuProcess[] | undefined;
  readonly close: () => void;
};

type Bound = {
  readonly call: NativeCall;
  readonly variant: Variant;
  readonly out: ArrayBuffer;
  readonly view: DataView;
};
type Device = {
  readonly handle: number;
  readonly identity: GpuIdentity;
  readonly openCode: number;
  /** getters this device has refused for good, with the code */
  readonly refused: Map<Getter, number>;
  offsets: TLimitOffsets | undefined;
};

const allKeys = metrics.map(({ key }) => key);

const NAME_SIZE = 96;
const UUID_SIZE = 96;
const VBIOS_SIZE = 32;
const VERSION_SIZE = 80;

const text = (buffer: ArrayBuffer, at: number, length: number): string => {
  const bytes = new Uint8Array(buffer, at, length);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? length : end)).trim();
};

export function createReader(library: NvmlLibrary, ulongBytes: 4 | 8): NvmlReader {
  const bindings = new Map<string, NativeCall | undefined>();
  const bind = (symbol: string, parameters: readonly Parameter[]): NativeCall | undefined => {
    if (!bindings.has(symbol)) bindings.set(symbol, library.bind(symbol, parameters));
    return bindings.get(symbol);
  };
  /** Calls the first of some versioned names that this library has. */
  const callFirst = (symbols: readonly string[], parameters: readonly Parameter[], args: Argument[]): number => {
    for (const symbol of symbols) {
      const call = bind(symbol, parameters);
      if (call) return call(...args);
    }
    return NVML_FUNCTION_NOT_FOUND;
  };

  const chosen = new Map<Getter, Bound | undefined>();
  const boundOf = (getter: Getter): Bound | undefined => {
    if (chosen.has(getter)) return chosen.get(getter);
    for (const variant of getter.variants) {
      const call = bind(variant.symbol, variant.parameters);
      if (!call) continue;
      const out = new ArrayBuffer(variant.size);
      chosen.set(getter, { call, variant, out, view: new DataView(out) });
      return chosen.get(getter);
    }
    chosen.set(getter, undefined);
    return undefined;
  };

  let initialised = false;
  let devices: Device[] = [];

  function stringOf(symbol: string, handle: number, size: number): string | undefined {
    const out = new ArrayBuffer(size);
    const code = callFirst([symbol], ['device', 'out', 'uint'], [handle, out, size]);
    return code === NVML_SUCCESS ? text(out, 0, size) : undefined;
  }

  function busIdOf(handle: number): string {
    const out = new ArrayBuffer(68);
    if (callFirst(['nvmlDeviceGetPciInfo_v3'], ['device', 'out'], [handle, out]) === NVML_SUCCESS)
      return text(out, 36, 32);
    const legacy = callFirst(['nvmlDeviceGetPciInfo_v2', 'nvmlDeviceGetPciInfo'], ['device', 'out'], [handle, out]);
    return legacy === NVML_SUCCESS ? text(out, 0, 16).replace(/^([0-9a-f]{4}):/i, '0000$1:') : '';
  }

  function openDevice(index: number): Device {
    const out = new ArrayBuffer(8);
    const symbols = ['nvmlDeviceGetHandleByIndex_v2', 'nvmlDeviceGetHandleByIndex'];
    let openCode = callFirst(symbols, ['uint', 'out'], [index, out]);
    const handle = Number(new DataView(out).getBigUint64(0, true));
    let identity: GpuIdentity = { uuid: '', index, name: '', pciBusId: '' };
    if (openCode === NVML_SUCCESS) {
      const uuidOut = new ArrayBuffer(UUID_SIZE);
      openCode = callFirst(['nvmlDeviceGetUUID'], ['device', 'out', 'uint'], [handle, uuidOut, UUID_SIZE]);
      const vbios = stringOf('nvmlDeviceGetVbiosVersion', handle, VBIOS_SIZE);
      identity = {
        uuid: text(uuidOut, 0, UUID_SIZE),
        index,
        name: stringOf('nvmlDeviceGetName', handle, NAME_SIZE) ?? '',
        pciBusId: busIdOf(handle),
        ...(vbios ? { vbios } : {}),
      };
    }
    return { handle, identity, openCode, refused: new Map(), offsets: undefined };
  }

  const fillAbsent = (frame: Frame, code: number): void => markAbsent(frame, allKeys, code);

  function markAbsent(frame: Frame, keys: readonly MetricKey[], code: number): void {
    for (const key of keys) setAbsent(frame, key, returnCode(code).means, code);
  }

  function ask(device: Device, getter: Getter, frame: Frame): number {
    const refusal = device.refused.get(getter);
    if (refusal !== undefined) {
      markAbsent(frame, getter.metrics, refusal);
      return NVML_SUCCESS;
    }
    const bound = boundOf(getter);
    if (!bound) {
      markAbsent(frame, getter.metrics, NVML_FUNCTION_NOT_FOUND);
      return NVML_SUCCESS;
    }
    if (bound.variant.version !== undefined) bound.view.setUint32(0, bound.variant.version, true);
    const code = bound.call(...bound.variant.args(device.handle, bound.out));
    if (code === NVML_SUCCESS) {
      bound.variant.decode(bound.view, frame);
      return code;
    }
    markAbsent(frame, getter.metrics, code);
    // what a card does not support it will not support on the next tick either: do not ask again until reopened
    if (returnCode(code).means === 'unsupported') device.refused.set(getter, code);
    return code;
  }

  const batches = new Map<string, { ids: readonly number[]; buffer: ArrayBuffer; view: DataView }>();
  function askFields(device: Device, ids: readonly number[]): { code: number; view: DataView } {
    const key = ids.join();
    let batch = batches.get(key);
    if (!batch) {
      const buffer = prepareFields(ids);
      batch = { ids, buffer, view: new DataView(buffer) };
      batches.set(key, batch);
    }
    const code = callFirst(
      ['nvmlDeviceGetFieldValues'],
      ['device', 'uint', 'out'],
      [device.handle, ids.length, batch.buffer],
    );
    return { code, view: batch.view };
  }

  function readFields(device: Device, wanted: readonly Field[], frame: Frame): number {
    if (wanted.length === 0) return NVML_SUCCESS;
    const { code, view } = askFields(
      device,
      wanted.map(({ id }) => id),
    );
    wanted.forEach((field, i) => {
      storeField(frame, field, code === NVML_SUCCESS ? fieldAnswer(view, i, ulongBytes) : { code, value: 0 });
    });
    return code;
  }

  function tLimitOffsets(device: Device): TLimitOffsets {
    const { code, view } = askFields(
      device,
      tLimitFields.map(({ id }) => id),
    );
    if (code !== NVML_SUCCESS) return {};
    return Object.fromEntries(
      tLimitFields
        .map(({ name }, i) => [name, fieldAnswer(view, i, ulongBytes)] as const)
        .filter(([, answer]) => answer.code === NVML_SUCCESS)
        .map(([name, answer]) => [name, answer.value]),
    );
  }

  const fieldsOf = Object.fromEntries(
    (['tick', 'slow'] as const).map((cadence) => [cadence, fields.filter((field) => field.cadence === cadence)]),
  ) as Record<Cadence, Field[]>;

  return {
    open() {
      const code = callFirst(['nvmlInit_v2', 'nvmlInit'], [], []);
      if (code !== NVML_SUCCESS) return { code, gpus: [] };
      initialised = true;
      const count = new ArrayBuffer(4);
      const countCode = callFirst(['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'], ['out'], [count]);
      if (countCode !== NVML_SUCCESS) return { code: countCode, gpus: [] };
      devices = Array.from({ length: new DataView(count).getUint32(0, true) }, (_, index) => openDevice(index));
      return { code: NVML_SUCCESS, gpus: devices.map(({ identity, openCode }) => ({ identity, openCode })) };
    },

    versions() {
      const version = (symbol: string): string | undefined => {
        const out = new ArrayBuffer(VERSION_SIZE);
        const code = callFirst([symbol], ['out', 'uint'], [out, VERSION_SIZE]);
        return code === NVML_SUCCESS ? text(out, 0, VERSION_SIZE) : undefined;
      };
      return { driver: version('nvmlSystemGetDriverVersion'), nvml: version('nvmlSystemGetNVMLVersion') };
    },

    read(position, cadences, frame) {
      const device = devices[position]!;
      clearFrame(frame);
      if (device.openCode !== NVML_SUCCESS) {
        fillAbsent(frame, device.openCode); // it has no handle: calling with none would crash inside the driver
        return device.openCode;
      }
      for (const cadence of cadences) {
        for (const getter of getters) {
          if (getter.cadence !== cadence) continue;
          const code = ask(device, getter, frame);
          const meaning = returnCode(code);
          if (code === NVML_SUCCESS || (meaning.means !== 'lost' && !meaning.library)) continue;
          fillAbsent(frame, code); // nothing else of this GPU can be had: say so rather than call on
          return code;
        }
        const code = readFields(device, fieldsOf[cadence], frame);
        if (returnCode(code).library) return code;
        if (cadence === 'slow') {
          dropZeroLimits(frame);
          device.offsets = tLimitOffsets(device);
        }
      }
      if (cadences.includes('slow') && device.offsets) deriveLimits(frame, device.offsets);
      return NVML_SUCCESS;
    },

    processes(position) {
      const device = devices[position]!;
      return device.openCode === NVML_SUCCESS ? readProcesses(bind, device.handle) : undefined;
    },

    close() {
      if (initialised) callFirst(['nvmlShutdown'], [], []);
      initialised = false;
      devices = [];
      chosen.clear();
    },
  };
}
