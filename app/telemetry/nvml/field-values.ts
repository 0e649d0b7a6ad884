import { metricIndex, type Cadence, type MetricKey } from '../../metrics/metrics.ts';
import { setAbsentAt, setValueAt, type Frame } from '../../metrics/frame.ts';
import { u64 } from './getter.ts';
import { NVML_INVALID_ARGUMENT, NVML_NO_DATA, returnCode } from './return-codes.ts';

/** nvmlFieldValue_t (nvml.h): fieldId 0, scopeId 4, timestamp 8, latencyUsec 16, valueType 24, nvmlReturn 28, value 32. */
const FIELD_VALUE_SIZE = 40;
const LE = true;

export type Field = {
  readonly id: number;
  /** the power fields: 0 this GPU, 1 the module, 2 the memory */
  readonly scope?: 0 | 1 | 2;
  readonly metric: MetricKey;
  /** where the metric is in a frame */
  readonly slot: number;
  readonly cadence: Cadence;
  readonly scale: number;
};

const MILLI = 1e-3;

/** NVML_FI_DEV_… fields, read in one call a cadence. Power is in mW; time counters are in ns. */
const catalogue: readonly Omit<Field, 'slot'>[] = [
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
export const fields: readonly Field[] = catalogue.map((field) => ({ ...field, slot: metricIndex[field.metric] }));

/** T.Limit offsets (signed degrees), from which limits are derived on Ada and later. */
export const tLimitFields = [
  { id: 193, name: 'shutdown' },
  { id: 194, name: 'slowdown' },
  { id: 196, name: 'max' },
] as const;

/** Fields that are asked for in one call, by number and scope, and the memory in which the library answers. */
export type Batch = { readonly count: number; readonly memory: ArrayBuffer; readonly view: DataView };

export function prepareFields(wanted: readonly { readonly id: number; readonly scope?: number }[]): Batch {
  const memory = new ArrayBuffer(wanted.length * FIELD_VALUE_SIZE);
  const view = new DataView(memory);
  wanted.forEach(({ id, scope = 0 }, i) => {
    view.setUint32(i * FIELD_VALUE_SIZE, id, LE);
    view.setUint32(i * FIELD_VALUE_SIZE + 4, scope, LE);
  });
  return { count: wanted.length, memory, view };
}

/** Before each call: what the library leaves untouched must not read as the answer of the call before. */
export function clearAnswers({ count, view }: Batch): void {
  for (let i = 0; i < count; i++) view.setUint32(i * FIELD_VALUE_SIZE + 28, NVML_NO_DATA, LE);
}

/** The return code of one field: the library may answer a batch with success although single fields failed. */
export const fieldCode = ({ view }: Batch, index: number): number => view.getUint32(index * FIELD_VALUE_SIZE + 28, LE);

/**
 * The value of one field. `ulongBytes` is the size of C's `unsigned long`: 8 on Linux, 4 on Windows. A value type that
 * nvml.h does not list answers NaN, which no plausible range contains.
 */
export function fieldValue({ view }: Batch, index: number, ulongBytes: 4 | 8): number {
  const type = view.getUint32(index * FIELD_VALUE_SIZE + 24, LE);
  const at = index * FIELD_VALUE_SIZE + 32;
  switch (type) {
    case 0:
      return view.getFloat64(at, LE);
    case 1:
      return view.getUint32(at, LE);
    case 2:
      return ulongBytes === 8 ? u64(view, at) : view.getUint32(at, LE);
    case 3:
      return u64(view, at);
    case 4:
      return Number(view.getBigInt64(at, LE));
    case 5:
      return view.getInt32(at, LE);
    case 6:
      return view.getUint16(at, LE);
    default:
      return Number.NaN;
  }
}

/** Puts one answered field into a frame. INVALID_ARGUMENT is the answer for a field that is newer than the library. */
export function storeField(frame: Frame, field: Field, batch: Batch, index: number, ulongBytes: 4 | 8): void {
  const code = fieldCode(batch, index);
  if (code === 0) setValueAt(frame, field.slot, fieldValue(batch, index, ulongBytes) * field.scale);
  else {
    setAbsentAt(frame, field.slot, code === NVML_INVALID_ARGUMENT ? 'unsupported' : returnCode(code).means, code);
  }
}
