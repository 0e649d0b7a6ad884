import { XMLParser } from 'fast-xml-parser';
import { metrics, type Metric } from '../../metrics.ts';
import { createFrame, setAbsent, setValue, type Frame } from '../../reading.ts';
import { err, messageOf, ok, type Result } from '../../result.ts';
import { deriveLimits, dropZeroLimits, type TLimitOffsets } from '../limits.ts';
import type { GpuIdentity, GpuProcess } from '../source.ts';
import { throttleReasons } from '../throttle-reasons.ts';
import { absenceOf, parseCell, parsePstate, type Cell } from './cell.ts';

/** A parsed element: text, or children by tag (a repeated tag is an array). */
type Node = string | { readonly [tag: string]: Node | readonly Node[] };

export type SmiGpu = { readonly gpu: GpuIdentity; readonly frame: Frame; readonly processes: readonly GpuProcess[] };

export type SmiDocument = {
  readonly driverVersion?: string;
  /** as printed, local time of the machine that printed it */
  readonly timestamp?: string;
  readonly gpus: readonly SmiGpu[];
};

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: true,
  // only the five predefined entities are known; the external DTD that documents name is never fetched
  processEntities: true,
  htmlEntities: false,
  // thousands of elements that nobody reads
  stopNodes: ['nvidia_smi_log.gpu.supported_clocks'],
});

const single = (node: Node | readonly Node[] | undefined): Node | undefined =>
  Array.isArray(node) ? (node as readonly Node[])[0] : (node as Node | undefined);

const child = (node: Node | undefined, tag: string): Node | undefined =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, tag) ? single(node[tag]) : undefined;

const children = (node: Node | undefined, tag: string): readonly Node[] => {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, tag)) return [];
  const found = node[tag]!;
  return Array.isArray(found) ? (found as readonly Node[]) : [found as Node];
};

const at = (node: Node | undefined, path: string): Node | undefined =>
  path.split('/').reduce<Node | undefined>((here, tag) => child(here, tag), node);

/** The text of a leaf. An element with attributes keeps its text under '#text'. */
const textOf = (node: Node | undefined): string | undefined => {
  if (typeof node === 'string') return node;
  const inner = child(node, '#text');
  return typeof inner === 'string' ? inner : undefined;
};

const textAt = (node: Node | undefined, path: string): string | undefined => textOf(at(node, path));

const said = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || /^\[?n\/a\]?$/i.test(text) ? undefined : text;

/** The mask of active reasons, from a list of elements that read Active, Not Active or N/A. */
function parseReasons(list: Node | undefined): Cell {
  if (list === undefined) return { absent: 'unsupported' };
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

function cellOf(gpu: Node, metric: Metric): Cell {
  // Newer names come first. A name that is there but says N/A gives way to an older one that has a number.
  let answer: Cell = { absent: 'unsupported' };
  for (const path of metric.xml) {
    const node = at(gpu, path);
    if (node === undefined) continue;
    const cell =
      metric.key === 'throttleReasons'
        ? parseReasons(node)
        : metric.key === 'pstate'
          ? parsePstate(textOf(node))
          : parseCell(textOf(node), metric);
    if ('value' in cell) return cell;
    if ('absent' in answer && answer.absent === 'unsupported') answer = cell;
  }
  return answer;
}

const offsetMetric = { ...metrics.find(({ key }) => key === 'tempMarginK')! };

function offsetsOf(gpu: Node): TLimitOffsets {
  const offset = (tag: string): number | undefined => {
    const cell = parseCell(textAt(gpu, `temperature/${tag}`), offsetMetric);
    return 'value' in cell ? cell.value : undefined;
  };
  const [shutdown, slowdown, max] = [
    offset('gpu_temp_max_tlimit_threshold'),
    offset('gpu_temp_slow_tlimit_threshold'),
    offset('gpu_temp_max_gpu_tlimit_threshold'),
  ];
  return {
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(slowdown === undefined ? {} : { slowdown }),
    ...(max === undefined ? {} : { max }),
  };
}

const vram = metrics.find(({ key }) => key === 'vramUsedBytes')!;

function processesOf(gpu: Node): GpuProcess[] {
  return children(at(gpu, 'processes'), 'process_info').flatMap((info) => {
    const pid = Number(textAt(info, 'pid'));
    if (!Number.isInteger(pid) || pid <= 0) return [];
    const used = parseCell(textAt(info, 'used_memory'), vram);
    return [
      {
        pid,
        name: textAt(info, 'process_name') ?? '',
        ...('value' in used ? { vramBytes: used.value } : {}),
      },
    ];
  });
}

function identityOf(gpu: Node, index: number): GpuIdentity {
  const pciBusId = said(textAt(gpu, 'pci/pci_bus_id')) ?? said(textAt(gpu, '@id')) ?? '';
  const vbios = said(textAt(gpu, 'vbios_version'));
  return {
    uuid: said(textAt(gpu, 'uuid')) ?? `PCI-${pciBusId || index}`,
    index,
    name: said(textAt(gpu, 'product_name')) ?? 'NVIDIA GPU',
    pciBusId,
    ...(vbios ? { vbios } : {}),
  };
}

function frameOf(gpu: Node): Frame {
  const frame = createFrame();
  for (const metric of metrics as readonly Metric[]) {
    const cell = cellOf(gpu, metric);
    if ('value' in cell) setValue(frame, metric.key, cell.value);
    else setAbsent(frame, metric.key, cell.absent);
  }
  dropZeroLimits(frame);
  deriveLimits(frame, offsetsOf(gpu));
  return frame;
}

/**
 * Decodes one `nvidia-smi -q -x` document of any driver. Tags are taken by presence, never by driver version.
 * A document that is cut off or is not one of nvidia-smi's answers an error; a cell that cannot be read is absent.
 */
export function decodeDocument(xml: string): Result<SmiDocument> {
  // the parser forgives missing end tags; a document cut off in the middle must not pass as a whole one
  if (!/<\/nvidia_smi_log>\s*$/.test(xml)) return err('recording-unreadable', 'The nvidia-smi document is cut off.');
  let log: Node | undefined;
  try {
    log = child(parser.parse(xml) as Node, 'nvidia_smi_log');
  } catch (thrown) {
    return err('recording-unreadable', `The nvidia-smi document cannot be read: ${messageOf(thrown)}`);
  }
  if (log === undefined) return err('recording-unreadable', 'This is not a document of nvidia-smi -q -x.');
  const driverVersion = said(textAt(log, 'driver_version'));
  const timestamp = said(textAt(log, 'timestamp'));
  return ok({
    gpus: children(log, 'gpu')
      .filter((gpu) => typeof gpu === 'object')
      .map((gpu, index) => ({ gpu: identityOf(gpu, index), frame: frameOf(gpu), processes: processesOf(gpu) })),
    ...(driverVersion ? { driverVersion } : {}),
    ...(timestamp ? { timestamp } : {}),
  });
}
