import { text as sentence } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { decodeLog, type SmiDocument } from './document.ts';
import { child, children, idOf, textAt, type Node } from './tree.ts';

/**
 * `nvidia-smi -q` without -x prints the same facts as indented text with different names. It is turned into a tree with
 * the tags of the XML form, so that one decoder reads both. A name's tag is the name in lower case with underscores,
 * except for the names in this table. Since driver 610 the word "Specification" follows static limits.
 */
const tags: Readonly<Record<string, string>> = {
  'Bus Id': 'pci_bus_id',
  'GPU UUID': 'uuid',
  'VBIOS Version': 'vbios_version',
  'GPU Link Info': 'pci_gpu_link_info',
  'PCIe Generation': 'pcie_gen',
  'Link Width': 'link_widths',
  'Replays Since Reset': 'replay_counter',
  'Tx Throughput': 'tx_util',
  'Rx Throughput': 'rx_util',
  'GPU Current Temp': 'gpu_temp',
  'GPU T.Limit Temp': 'gpu_temp_tlimit',
  'GPU Current T.Limit Temp': 'gpu_temp_tlimit',
  'GPU Shutdown Temp': 'gpu_temp_max_threshold',
  'GPU Slowdown Temp': 'gpu_temp_slow_threshold',
  'GPU Max Operating Temp': 'gpu_temp_max_gpu_threshold',
  'GPU Shutdown T.Limit Temp': 'gpu_temp_max_tlimit_threshold',
  'GPU Slowdown T.Limit Temp': 'gpu_temp_slow_tlimit_threshold',
  'GPU Max Operating T.Limit Temp': 'gpu_temp_max_gpu_tlimit_threshold',
  'Memory Current Temp': 'memory_temp',
  'Memory Max Operating Temp': 'gpu_temp_max_mem_threshold',
  'Instantaneous Power Draw': 'instant_power_draw',
  'SRAM Uncorrectable SEC-DED': 'sram_uncorrectable_secded',
  'Single Bit ECC': 'multiple_single_bit_retirement',
  'Double Bit ECC': 'double_bit_retirement',
  'Pending Page Blacklist': 'pending_blacklist',
  'Correctable Error': 'remapped_row_corr',
  'Uncorrectable Error': 'remapped_row_unc',
  'Remapping Failure Occurred': 'remapped_row_failure',
  'Bank Remap Availability Histogram': 'row_remapper_histogram',
  'MIG Device': 'mig_device',
  'Shared FB Memory Usage': 'fb_memory_usage',
};

/** Names that mean different things in different sections: section tag → name → tag. */
const inSection: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  temperature: { Gpu: 'gpu_temp' }, // drivers before 331
  pcie_gen: { Current: 'current_link_gen', Max: 'max_link_gen' },
  link_widths: { Current: 'current_link_width', Max: 'max_link_width' },
  utilization: {
    Gpu: 'gpu_util',
    GPU: 'gpu_util',
    Memory: 'memory_util',
    Encoder: 'encoder_util',
    Decoder: 'decoder_util',
    JPEG: 'jpeg_util',
    OFA: 'ofa_util',
  },
  clocks: { Graphics: 'graphics_clock', SM: 'sm_clock', Memory: 'mem_clock', Video: 'video_clock' },
  max_clocks: { Graphics: 'graphics_clock', SM: 'sm_clock', Memory: 'mem_clock', Video: 'video_clock' },
  ecc_mode: { Current: 'current_ecc' },
  mig_mode: { Current: 'current_mig' },
  remapped_rows: { Pending: 'remapped_row_pending' },
  row_remapper_histogram: Object.fromEntries(
    ['Max', 'High', 'Partial', 'Low', 'None'].map((name) => [name, `row_remapper_histogram_${name.toLowerCase()}`]),
  ),
  clocks_event_reasons_counters: {
    'SW Power Capping': 'clocks_event_reasons_counters_sw_power_cap',
    'Sync Boost': 'clocks_event_reasons_counters_sync_boost',
    'SW Thermal Slowdown': 'clocks_event_reasons_counters_sw_therm_slowdown',
    'HW Thermal Slowdown': 'clocks_event_reasons_counters_hw_therm_slowdown',
    'HW Power Braking': 'clocks_event_reasons_counters_hw_power_brake',
  },
};

/** The reasons are printed under shorter names than their tags have. */
const reasonTags: Readonly<Record<string, string>> = {
  Idle: 'gpu_idle',
  'Applications Clocks Setting': 'applications_clocks_setting',
  'SW Power Cap': 'sw_power_cap',
  'HW Slowdown': 'hw_slowdown',
  'HW Thermal Slowdown': 'hw_thermal_slowdown',
  'HW Power Brake Slowdown': 'hw_power_brake_slowdown',
  'Sync Boost': 'sync_boost',
  'SW Thermal Slowdown': 'sw_thermal_slowdown',
  'Display Clock Setting': 'display_clocks_setting',
};

/** Older drivers print the number of retired pages where newer ones print a subtree. */
const wrapped: Readonly<Record<string, string>> = {
  multiple_single_bit_retirement: 'retired_count',
  double_bit_retirement: 'retired_count',
};

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');

function tagOf(name: string, section: string): string {
  const plain = name.replace(/ Specification$/, '');
  if (section === 'clocks_event_reasons' || section === 'clocks_throttle_reasons') {
    const reason = Object.hasOwn(reasonTags, plain) ? reasonTags[plain] : undefined;
    return reason === undefined ? slug(plain) : `clocks_event_reason_${reason}`;
  }
  const local = Object.hasOwn(inSection, section) ? inSection[section]! : {};
  if (Object.hasOwn(local, plain)) return local[plain]!;
  return Object.hasOwn(tags, plain) ? tags[plain]! : slug(plain);
}

/** "Name   : value", or the name of a section alone. */
function fieldOf(line: string): { readonly name: string; readonly value: string | undefined } {
  const colon = line.search(/\s:(\s|$)/);
  if (colon < 0) return { name: line.trim(), value: undefined };
  return { name: line.slice(0, colon).trim(), value: line.slice(colon + 2).trim() };
}

type Tree = { [tag: string]: Node | Node[] };
type Open = { readonly indent: number; readonly tag: string; readonly tree: Tree };

/** Adds a child; a repeated tag becomes a list. */
function put(tree: Tree, tag: string, node: Node): void {
  if (!Object.hasOwn(tree, tag)) tree[tag] = node;
  else if (Array.isArray(tree[tag])) tree[tag].push(node);
  else tree[tag] = [tree[tag] as Node, node];
}

/** The line after a process's name: what stands between the two is the rest of a name with line breaks. */
const AFTER_NAME = /^\s+Used GPU Memory\s+:/;
const IN_PROCESS = /^\s+(?:Process ID|Type)\s+:/;
const MOST_NAME_LINES = 1000;

const indentOf = (line: string): number => line.search(/\S/);

/** The lines without the later ones of process names that hold line breaks. */
function withoutNameTails(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    kept.push(line);
    if (!/^\s+Name\s+:/.test(line) || !IN_PROCESS.test(lines[i - 1] ?? '')) continue;
    const most = Math.min(lines.length, i + MOST_NAME_LINES);
    for (let end = i + 1; end < most && !/^\s+Process ID\s+:/.test(lines[end]!); end++) {
      if (!AFTER_NAME.test(lines[end]!) || indentOf(lines[end]!) !== indentOf(line)) continue;
      i = end - 1;
      break;
    }
  }
  return kept;
}

/** Every whole GPU ends with its processes. `-d` prints chosen sections alone, and then no product name. */
const isCutOff = (gpus: readonly Node[]): boolean =>
  gpus.some(
    (gpu) =>
      textAt(gpu, 'product_name') !== undefined &&
      child(gpu, 'processes') === undefined &&
      child(gpu, 'compute_processes') === undefined,
  );

/**
 * Decodes one `nvidia-smi -q` text of any driver, as `decodeDocument` does for XML.
 * @returns an error if the text is cut off or not from nvidia-smi
 */
export function decodeText(text: string): Result<SmiDocument> {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => /^=+NVSMI LOG=+\s*$/.test(line));
  if (start < 0) return err('recording-unreadable', sentence('telemetry.smi.notText'));
  const root: Open = { indent: -1, tag: '', tree: {} };
  let open: Open[] = [root];
  let processes: Tree | undefined;
  for (const line of withoutNameTails(lines.slice(start + 1))) {
    const indent = indentOf(line);
    if (indent < 0) continue;
    const { name, value } = fieldOf(line);
    open = open.filter((section) => section.indent < indent);
    const parent = open.at(-1) ?? root;
    const gpu = /^GPU ([0-9A-Fa-f:.]+)$/.exec(name);
    if (indent === 0 && gpu) {
      const tree: Tree = { '@id': gpu[1]! };
      put(root.tree, 'gpu', tree);
      open.push({ indent, tag: 'gpu', tree });
      processes = undefined;
      continue;
    }
    const tag = tagOf(name, parent.tag);
    if (tag === 'process_id') {
      // each process begins with its number, and what is indented below belongs to it
      const tree: Tree = { pid: value ?? '' };
      put(processes ?? parent.tree, 'process_info', tree);
      open.push({ indent, tag: 'process_info', tree });
    } else if (value === undefined) {
      const tree: Tree = {};
      if (tag === 'mig_device') put(migOf(open), tag, tree);
      else put(parent.tree, tag, tree);
      if (tag === 'processes') processes = tree;
      if (tag === 'mig_mode') migOf(open); // instances are printed after it, where there are any
      open.push({ indent, tag, tree });
    } else if (parent.tag === 'process_info') {
      put(parent.tree, { name: 'process_name', used_gpu_memory: 'used_memory' }[tag] ?? tag, value);
    } else {
      const inner = wrapped[tag];
      put(parent.tree, tag, inner === undefined ? value : { [inner]: value });
    }
  }
  if (!Object.hasOwn(root.tree, 'gpu')) return err('recording-unreadable', sentence('telemetry.smi.textWithoutGpu'));
  const gpus = children(root.tree, 'gpu');
  if (isCutOff(gpus)) return err('recording-unreadable', sentence('telemetry.smi.textCutOff'));
  const attached = idOf(textAt(root.tree, 'attached_gpus')); // with -i there are fewer
  if (attached !== undefined && gpus.length > attached) {
    return err('recording-unreadable', sentence('telemetry.smi.textDamaged', { found: gpus.length, attached }));
  }
  return ok(decodeLog(root.tree as Node));
}

/** The list of a GPU's MIG instances: the text prints them next to "MIG Mode", the XML in a separate list. */
function migOf(open: readonly Open[]): Tree {
  const gpu = open.find(({ tag }) => tag === 'gpu')?.tree ?? {};
  if (!Object.hasOwn(gpu, 'mig_devices')) gpu['mig_devices'] = {};
  return gpu['mig_devices'] as Tree;
}
