import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { text } from '../../core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
import { decodeGpu, type SmiGpu } from './gpu.ts';
import { child, children, said, textAt, type Node } from './tree.ts';

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
  cdataPropName: '#cdata',
  // only the five predefined entities are known; the external DTD that documents name is never fetched
  processEntities: true,
  htmlEntities: false,
  // thousands of elements that Slowburn does not use
  stopNodes: ['nvidia_smi_log.gpu.supported_clocks'],
});

/** "610.47 [Deprecated; …]" → "610.47": since driver 610 a note follows the version. */
const versionOf = (cell: string | undefined): string | undefined => said(cell?.split('[', 1)[0]!.trim());

/** Decodes a tree that has the tags of `nvidia-smi -q -x`. */
export function decodeLog(log: Node): SmiDocument {
  const driverVersion = versionOf(textAt(log, 'driver_version')) ?? versionOf(textAt(log, 'kmd_version'));
  const timestamp = said(textAt(log, 'timestamp'));
  return {
    gpus: children(log, 'gpu')
      .filter((gpu) => typeof gpu === 'object')
      .map(decodeGpu),
    ...(driverVersion ? { driverVersion } : {}),
    ...(timestamp ? { timestamp } : {}),
  };
}

const NAME = ['<process_name>', '</process_name>'] as const;
const AFTER_NAME = '<used_memory>';

/** Marks up & and < in text; entities stay. */
const escaped = (text: string): string => text.replace(/&(?!#?\w{1,10};)/g, '&amp;').replaceAll('<', '&lt;');

/**
 * Marks up the names of processes, which nvidia-smi prints as they are: a command line may hold <, & and whole elements.
 * A name ends before the element that always follows it.
 */
function escapeNames(xml: string): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const open = xml.indexOf(NAME[0], at);
    if (open < 0) break;
    const from = open + NAME[0].length;
    let to = xml.indexOf(NAME[1], from);
    const follows = () => xml.slice(to + NAME[1].length, to + NAME[1].length + 64).trimStart();
    while (to >= 0 && !follows().startsWith(AFTER_NAME)) to = xml.indexOf(NAME[1], to + 1);
    if (to < 0) break;
    parts.push(xml.slice(at, from), escaped(xml.slice(from, to)));
    at = to;
  }
  return parts.join('') + xml.slice(at);
}

/**
 * Decodes one `nvidia-smi -q -x` document of any driver. Tags are recognised by name, never by driver version.
 * @returns an error if the document is cut off or not from nvidia-smi; a cell that cannot be read is absent
 */
export function decodeDocument(printed: string): Result<SmiDocument> {
  const xml = escapeNames(printed);
  // the parser forgives missing end tags; a document cut off in the middle must not pass as a whole one
  if (!/<\/nvidia_smi_log>\s*$/.test(xml)) return err('recording-unreadable', text('telemetry.smi.cutOff'));
  // nvidia-smi declares none, and an entity could expand into text that is not in the document
  if (xml.includes('<!ENTITY')) return err('recording-unreadable', text('telemetry.smi.entities'));
  // mismatched end tags mean that a part is missing, which would give one GPU the readings of the next; a bare & in the
  // path of a process is no reason to refuse a document
  const shape = XMLValidator.validate(xml.trim().replace(/&(?!#?\w{1,10};)/g, '&amp;'));
  if (shape !== true) return err('recording-unreadable', text('telemetry.smi.damaged', { why: shape.err.msg }));
  let log: Node | undefined;
  try {
    log = child(parser.parse(xml) as Node, 'nvidia_smi_log');
  } catch (thrown) {
    return err('recording-unreadable', text('telemetry.smi.unreadable', { why: messageOf(thrown) }));
  }
  if (log === undefined) return err('recording-unreadable', text('telemetry.smi.notXml'));
  return ok(decodeLog(log));
}
