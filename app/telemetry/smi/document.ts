import { XMLParser, XMLValidator } from 'fast-xml-parser';
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
  // thousands of elements that nobody reads
  stopNodes: ['nvidia_smi_log.gpu.supported_clocks'],
});

/** A tree with the tags of `nvidia-smi -q -x`, decoded. */
export function decodeLog(log: Node): SmiDocument {
  const driverVersion = said(textAt(log, 'driver_version'));
  const timestamp = said(textAt(log, 'timestamp'));
  return {
    gpus: children(log, 'gpu')
      .filter((gpu) => typeof gpu === 'object')
      .map(decodeGpu),
    ...(driverVersion ? { driverVersion } : {}),
    ...(timestamp ? { timestamp } : {}),
  };
}

/**
 * Decodes one `nvidia-smi -q -x` document of any driver. Tags are taken by presence, never by driver version.
 * A document that is cut off or is not one of nvidia-smi's answers an error; a cell that cannot be read is absent.
 */
export function decodeDocument(xml: string): Result<SmiDocument> {
  // the parser forgives missing end tags; a document cut off in the middle must not pass as a whole one
  if (!/<\/nvidia_smi_log>\s*$/.test(xml)) return err('recording-unreadable', 'The nvidia-smi document is cut off.');
  // nvidia-smi declares none: entities are the one way in which markup can stand for text that is not there
  if (xml.includes('<!ENTITY'))
    return err('recording-unreadable', 'The nvidia-smi document declares entities of its own.');
  // end tags that do not fit mean a hole in the middle, which would hand one GPU the readings of the next; a bare & in
  // the path of a process is not worth a document
  const shape = XMLValidator.validate(xml.trim().replace(/&(?!#?\w{1,10};)/g, '&amp;'));
  if (shape !== true) return err('recording-unreadable', `The nvidia-smi document is damaged: ${shape.err.msg}`);
  let log: Node | undefined;
  try {
    log = child(parser.parse(xml) as Node, 'nvidia_smi_log');
  } catch (thrown) {
    return err('recording-unreadable', `The nvidia-smi document cannot be read: ${messageOf(thrown)}`);
  }
  if (log === undefined) return err('recording-unreadable', 'This is not a document of nvidia-smi -q -x.');
  return ok(decodeLog(log));
}
