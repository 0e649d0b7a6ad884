import { metricOf, metrics, type Metric } from '../../metrics/metrics.ts';
import { createFrame, setAbsent, setValue, type Frame } from '../../metrics/frame.ts';
import { deriveLimits, dropZeroLimits, type TLimitOffsets } from '../limits.ts';
import type { GpuIdentity, GpuProcess, MigInstance, ProcessType } from '../source.ts';
import { throttleReasons } from '../../metrics/throttle-reasons.ts';
import { absenceOf, parseCell, type Cell } from './cell.ts';
import { at, children, idOf, said, textAt, textOf, uuidOf, type Node } from './tree.ts';

export type SmiGpu = {
  readonly gpu: GpuIdentity;
  readonly frame: Frame;
  readonly processes: readonly GpuProcess[];
  readonly mig: readonly MigInstance[];
};

/** The mask of active reasons, from a list of elements that read Active, Not Active or N/A. */
function parseReasons(list: Node): Cell {
  if (typeof list === 'string') return { absent: list === '' ? 'unsupported' : absenceOf(list) };
  let mask = 0;
  let known = 0;
  for (const { bit, tag } of throttleReasons) {
    const text = textAt(list, `clocks_event_reason_${tag}`) ?? textAt(list, `clocks_throttle_reason_${tag}`);
    if (text === 'Active') mask |= bit;
    if (text === 'Active' || text === 'Not Active') known++;
    else if (text !== undefined && absenceOf(text) !== 'unsupported') return { absent: absenceOf(text) };
  }
  return known > 0 ? { value: mask } : { absent: 'unsupported' };
}

/** The cell at a path. A subtree may be a bare "N/A" or "GPU is lost": its elements are then absent for that reason. */
function leafAt(gpu: Node, path: string, read: (leaf: Node) => Cell): Cell | undefined {
  let here: Node | undefined = gpu;
  for (const tag of path.split('/')) {
    if (typeof here === 'string') return { absent: here === '' ? 'unsupported' : absenceOf(here) };
    here = at(here, tag);
  }
  return here === undefined ? undefined : read(here);
}

/** A cell at one path of the catalogue. "a + b" is the sum of counters that are printed apart: all of them or none. */
function cellAt(gpu: Node, metric: Metric, path: string): Cell | undefined {
  const read = (leaf: Node): Cell =>
    metric.key === 'throttleReasons' ? parseReasons(leaf) : parseCell(textOf(leaf), metric);
  const cells = path.split(' + ').map((part) => leafAt(gpu, part, read));
  if (cells.includes(undefined)) return undefined;
  let sum = 0;
  for (const cell of cells as Cell[]) {
    if ('absent' in cell) return cell;
    sum += cell.value;
  }
  return { value: sum };
}

/** Newer names come first. A name that is there but says N/A gives way to an older one that has a number. */
function setMetric(frame: Frame, index: number, gpu: Node, metric: Metric): void {
  let answer: Cell = { absent: 'unreported' };
  for (const [via, path] of metric.xml.entries()) {
    const cell = cellAt(gpu, metric, path);
    if (cell === undefined) continue;
    if ('value' in cell) {
      setValue(frame, metric.key, cell.value, path.includes(' + '));
      frame.via[index] = via;
      return;
    }
    if (answer.absent === 'unreported' || answer.absent === 'unsupported') answer = cell;
  }
  setAbsent(frame, metric.key, answer.absent);
}

const numberAt = (node: Node, path: string, metric: Metric): number | undefined => {
  const cell = parseCell(textAt(node, path), metric);
  return 'value' in cell ? cell.value : undefined;
};

function offsetsOf(gpu: Node): TLimitOffsets {
  const margin = metricOf('tempMarginK');
  const tags = {
    shutdown: 'gpu_temp_max_tlimit_threshold',
    slowdown: 'gpu_temp_slow_tlimit_threshold',
    max: 'gpu_temp_max_gpu_tlimit_threshold',
  };
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, tag]) => {
      const offset = numberAt(gpu, `temperature/${tag}`, margin);
      return offset === undefined ? [] : [[name, offset]];
    }),
  );
}

const processTypes: Readonly<Record<string, ProcessType>> = { C: 'compute', G: 'graphics', 'C+G': 'both' };

function processesOf(gpu: Node): GpuProcess[] {
  return children(at(gpu, 'processes'), 'process_info').flatMap((info) => {
    const pid = idOf(textAt(info, 'pid'));
    if (pid === undefined || pid === 0) return [];
    const vramBytes = numberAt(info, 'used_memory', metricOf('vramUsedBytes'));
    const type = processTypes[(textAt(info, 'type') ?? '').replace(/^M\+/, '')]; // M+: through MPS
    return [
      {
        pid,
        name: textAt(info, 'process_name') ?? '',
        ...(type ? { type } : {}),
        ...(vramBytes === undefined ? {} : { vramBytes }),
      },
    ];
  });
}

function migOf(gpu: Node): MigInstance[] {
  const vram = metricOf('vramUsedBytes');
  return children(at(gpu, 'mig_devices'), 'mig_device').flatMap((device) => {
    const index = idOf(textAt(device, 'index'));
    if (index === undefined) return [];
    const vramUsedBytes = numberAt(device, 'fb_memory_usage/used', vram);
    const vramTotalBytes = numberAt(device, 'fb_memory_usage/total', vram);
    return [
      {
        index,
        ...(vramUsedBytes === undefined ? {} : { vramUsedBytes }),
        ...(vramTotalBytes === undefined ? {} : { vramTotalBytes }),
      },
    ];
  });
}

function identityOf(gpu: Node, index: number): GpuIdentity {
  const pciBusId = said(textAt(gpu, 'pci/pci_bus_id')) ?? said(textAt(gpu, '@id')) ?? '';
  const vbios = said(textAt(gpu, 'vbios_version'));
  const architecture = said(textAt(gpu, 'product_architecture'));
  return {
    uuid: uuidOf(textAt(gpu, 'uuid')) ?? `PCI-${pciBusId || index}`,
    index,
    name: said(textAt(gpu, 'product_name')) ?? 'NVIDIA GPU',
    pciBusId,
    ...(vbios ? { vbios } : {}),
    ...(architecture ? { architecture } : {}),
  };
}

function frameOf(gpu: Node, mig: readonly MigInstance[]): Frame {
  const frame = createFrame();
  (metrics as readonly Metric[]).forEach((metric, index) => setMetric(frame, index, gpu, metric));
  // where the list itself is missing, nothing was counted
  if (textAt(gpu, 'mig_mode/current_mig') === 'Enabled' && at(gpu, 'mig_devices') !== undefined) {
    setValue(frame, 'migInstances', mig.length);
  }
  dropZeroLimits(frame);
  deriveLimits(frame, offsetsOf(gpu));
  return frame;
}

/** One <gpu> of a document, or the same tree made from another form of it. */
export function decodeGpu(gpu: Node, index: number): SmiGpu {
  const mig = migOf(gpu);
  return { gpu: identityOf(gpu, index), frame: frameOf(gpu, mig), processes: processesOf(gpu), mig };
}
