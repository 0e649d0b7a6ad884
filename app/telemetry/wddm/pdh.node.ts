import { addressOf, openLibrary } from '../native-library.node.ts';
import type { GpuProcess } from '../source.ts';
import { withCounters, type CounterItem, type WindowsCounters } from './counters.ts';

// Performance Data Helper, pdh.h and pdhmsg.h of the Windows SDK. The English names hold in every language of Windows.
const MEMORY = '\\GPU Process Memory(*)\\Dedicated Usage';
const ADAPTERS = '\\GPU Adapter Memory(*)\\Dedicated Usage';
const ENGINES = '\\GPU Engine(*)\\Utilization Percentage';
const PDH_FMT_DOUBLE = 0x200;
const PDH_MORE_DATA = 0x800007d2 | 0; // a PDH_STATUS is a signed long
const VALID = new Set([0, 1]); // PDH_CSTATUS_VALID_DATA, PDH_CSTATUS_NEW_DATA
/** PDH_FMT_COUNTERVALUE_ITEM_W: the name's address at 0, CStatus at 8, the value at 16 */
const ITEM_BYTES = 24;
const MOST_BYTES = 16 << 20; // more was misread
const TRIES = 3;

export type ProcessCounters = {
  /** undefined if Windows has no values now */
  readonly read: () => WindowsCounters | undefined;
  readonly close: () => void;
};

/** Text of UTF-16 at an offset, up to its end mark. */
function text16(view: DataView, at: number): string {
  let text = '';
  for (let i = at; i >= 0 && i + 2 <= view.byteLength; i += 2) {
    const unit = view.getUint16(i, true);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text;
}

/** Opens Windows' counters of graphics memory by process. Undefined if there are none: Windows 10 before 1709. */
export function openPdh(library: string): ProcessCounters | undefined {
  let pdh: ReturnType<typeof openLibrary>;
  try {
    pdh = openLibrary(library);
  } catch {
    return undefined; // no such library: not Windows
  }
  const openQuery = pdh.bind('PdhOpenQueryW', ['out', 'device', 'out']);
  const addCounter = pdh.bind('PdhAddEnglishCounterW', ['device', 'text16', 'device', 'out']);
  const collect = pdh.bind('PdhCollectQueryData', ['device']);
  const format = pdh.bind('PdhGetFormattedCounterArrayW', ['device', 'uint', 'out', 'out', 'out']);
  const closeQuery = pdh.bind('PdhCloseQuery', ['device']);
  if (!openQuery || !addCounter || !collect || !format || !closeQuery) return undefined;

  const handle = new BigUint64Array(1);
  const handleOf = (code: number): number | undefined => (code === 0 ? Number(handle[0]) : undefined);
  const query = handleOf(openQuery(null, 0, handle.buffer));
  if (query === undefined) return undefined;
  const counter = (path: string): number | undefined => handleOf(addCounter(query, path, 0, handle.buffer));
  const [memory, adapters, engines] = [counter(MEMORY), counter(ADAPTERS), counter(ENGINES)];
  if (memory === undefined) {
    closeQuery(query);
    return undefined;
  }

  let buffer = new ArrayBuffer(16 << 10);
  const sizes = new Uint32Array(2); // bytes, items
  /** All instances of a counter now; empty when it has no value yet. */
  function itemsOf(of: number | undefined): CounterItem[] {
    if (of === undefined) return [];
    for (let tries = 0; tries < TRIES; tries++) {
      sizes[0] = buffer.byteLength;
      const code = format!(of, PDH_FMT_DOUBLE, sizes.buffer, new Uint8Array(sizes.buffer, 4), buffer);
      if (code === PDH_MORE_DATA && sizes[0] <= MOST_BYTES) {
        buffer = new ArrayBuffer(2 * sizes[0]); // more may start meanwhile
        continue;
      }
      if (code !== 0) return [];
      const view = new DataView(buffer);
      const base = addressOf(buffer);
      return Array.from({ length: sizes[1]! }, (_, i) => i * ITEM_BYTES)
        .filter((at) => at + ITEM_BYTES <= view.byteLength && VALID.has(view.getUint32(at + 8, true)))
        .map((at) => ({
          // names lie behind the items in the same buffer
          instance: text16(view, Number(view.getBigUint64(at, true) - base)),
          value: view.getFloat64(at + 16, true),
        }));
    }
    return [];
  }

  return {
    read: () =>
      collect(query) === 0
        ? { memory: itemsOf(memory), adapters: itemsOf(adapters), engines: itemsOf(engines) }
        : undefined,
    close() {
      closeQuery(query);
      pdh.unload();
    },
  };
}

export type ProcessFiller = {
  /** Call at each tick: counters of the previous one are out of date. */
  readonly next: () => void;
  readonly fill: (
    processes: readonly GpuProcess[] | undefined,
    usedBytes: number | undefined,
  ) => readonly GpuProcess[] | undefined;
  readonly close: () => void;
};

/**
 * Completes NVML's processes. Windows is queried only if a value is missing, once per tick for all GPUs.
 * @param library undefined on other systems
 */
export function createProcessFiller(library: string | undefined): ProcessFiller {
  let counters: ProcessCounters | undefined;
  let opened = library === undefined;
  let now: WindowsCounters | undefined;
  let asked = false;
  return {
    next: () => (asked = false),
    fill(processes, usedBytes) {
      if (!processes || processes.every(({ vramBytes }) => vramBytes !== undefined)) return processes;
      if (!opened) counters = openPdh(library!);
      opened = true;
      if (!asked) now = counters?.read();
      asked = true;
      return now ? withCounters(processes, usedBytes, now) : processes;
    },
    close: () => counters?.close(),
  };
}
