import type { Cadence, MetricKey } from '../../metrics.ts';
import { setAbsent, setValue, type Frame } from '../../reading.ts';
import { u64 } from './getter.ts';
import { NVML_INVALID_ARGUMENT, NVML_NO_DATA, returnCode } from './return-codes.ts';

/** nvmlFieldValue_t (nvml.h): fieldId 0, scopeId 4, timestamp 8, latencyUsec 16, valueType 24, nvmlReturn 28, value 32. */
export const FIELD_VALUE_SIZE = 40;
const LE = true;

export type Field = {
  readonly id: number;
  /** the power fields: 0 this GPU, 1 the module, 2 the memory */
  readonly scope?: 0 | 1 | 2;
  readonly metric: MetricKey;
  readonly cadence: Cadence;
  readonly scale: number;
};

const MILLI = 1e-3;

/** NVML_FI_DEV_… fields, read in one call a cadence. Power is in mW; time counters are in ns. */
export const fields: readonly Field[] = [
  { id: 82, metric: 'memTempC', cadence: 'tick', scale: 1 },
  { id: 185, metric: 'powerAverageW', cadence: 'tick', scale: MILLI },
  { id: 186, metric: 'powerInstantW', cadence: 'tick', scale: MILLI },
  { id: 74, metric: 'throttledSwPowerUs', cadence: 'tick', scale: MILLI },
  { id: 76, metric: 'throttledSyncBoostUs', cadence: 'tick', scale: MILLI },
  { id: 269, metric: 'throttledSwThermalUs', cadence: 'tick', scale: MILLI },
  { id: 270, metric: 'throttledHwThermalUs', cadence: 'tick', scale: MILLI },
  { id: 271, metric: 'throttledPowerBrakeUs', cadence: 'tick', scale: MILLI },
  { id: 186, scope: 1, metric: 'modulePowerW', cadence: 'slow', scale: MILLI },
  { id: 185, scope: 2, metric: 'memoryPowerW', cadence: 'slow', scale: MILLI },
  { id: 29, metric: 'retiredPagesSbe', cadence: 'rare', scale: 1 },
  { id: 30, metric: 'retiredPagesDbe', cadence: 'rare', scale: 1 },
  { id: 31, metric: 'retiredPagesPending', cadence: 'rare', scale: 1 },
  { id: 142, metric: 'remappedRowsCorrectable', cadence: 'rare', scale: 1 },
  { id: 143, metric: 'remappedRowsUncorrectable', cadence: 'rare', scale: 1 },
  { id: 144, metric: 'remapPending', cadence: 'rare', scale: 1 },
  { id: 145, metric: 'remapFailure', cadence: 'rare', scale: 1 },
  { id: 230, metric: 'recoveryAction', cadence: 'rare', scale: 1 },
  { id: 91, metric: 'nvlinkCount', cadence: 'rare', scale: 1 },
];

/** T.Limit offsets (signed degrees), from which limits are derived on Ada and later. */
export const tLimitFields = [
  { id: 193, name: 'shutdown' },
  { id: 194, name: 'slowdown' },
  { id: 196, name: 'max' },
] as const;

/** A batch to be answered: fields by number and scope. */
export function prepareFields(wanted: readonly { readonly id: number; readonly scope?: number }[]): ArrayBuffer {
  const buffer = new ArrayBuffer(wanted.length * FIELD_VALUE_SIZE);
  const view = new DataView(buffer);
  wanted.forEach(({ id, scope = 0 }, i) => {
    view.setUint32(i * FIELD_VALUE_SIZE, id, LE);
    view.setUint32(i * FIELD_VALUE_SIZE + 4, scope, LE);
  });
  return buffer;
}

/** Before each call: what the library leaves untouched must not read as the answer of the call before. */
export function clearAnswers(view: DataView): void {
  for (let at = 28; at < view.byteLength; at += FIELD_VALUE_SIZE) view.setUint32(at, NVML_NO_DATA, LE);
}

export type FieldAnswer = { readonly code: number; readonly value: number };

/**
 * Reads entry `index` of an answered batch. `ulongBytes` is the size of C's `unsigned long`: 8 on Linux, 4 on Windows.
 * A value type that nvml.h does not list answers NaN, which no plausible range contains.
 */
export function fieldAnswer(view: DataView, index: number, ulongBytes: 4 | 8): FieldAnswer {
  const at = index * FIELD_VALUE_SIZE;
  const value = at + 32;
  const read = (): number => {
    switch (view.getUint32(at + 24, LE)) {
      case 0:
        return view.getFloat64(value, LE);
      case 1:
        return view.getUint32(value, LE);
      case 2:
        return ulongBytes === 8 ? u64(view, value) : view.getUint32(value, LE);
      case 3:
        return u64(view, value);
      case 4:
        return Number(view.getBigInt64(value, LE));
      case 5:
        return view.getInt32(value, LE);
      case 6:
        return view.getUint16(value, LE);
      default:
        return Number.NaN;
    }
  };
  return { code: view.getUint32(at + 28, LE), value: read() };
}

/**
 * Puts one answered field into a frame. The library may answer a batch with success although single fields failed, and
 * answers INVALID_ARGUMENT for a field that is newer than itself.
 */
export function storeField(frame: Frame, field: Field, { code, value }: FieldAnswer): void {
  if (code === 0) setValue(frame, field.metric, value * field.scale);
  else setAbsent(frame, field.metric, code === NVML_INVALID_ARGUMENT ? 'unsupported' : returnCode(code).means, code);
}
