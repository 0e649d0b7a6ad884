import { text } from '../../core/i18n.ts';

const END = '</nvidia_smi_log>';
const MAX_DOCUMENT = 64 * 2 ** 20; // far above 64 GPUs; an endless stream must not fill the memory
const PART = 64 * 1024;
const MAX_MIB = MAX_DOCUMENT / 2 ** 20;

/**
 * Cuts a stream of text into nvidia-smi documents: in loop mode they follow one another without a separator. Text before
 * a document that is not part of it (an error line of the driver) goes to `onNoise`.
 * @param onFlood called after dropping more text than any document has, because no document ended in it
 */
export function createDocumentStream(
  onDocument: (xml: string) => void,
  onNoise: (text: string) => void,
  onFlood: () => void = () => undefined,
) {
  let parts: string[] = []; // joined when a document ends: joining them with each chunk would take quadratic time
  let part = '';
  let size = 0;
  let tail = ''; // the last characters so far: a chunk may end within an end tag
  const keep = (pending: string): void => {
    parts = [];
    part = pending;
    size = pending.length;
    tail = pending.slice(1 - END.length);
  };
  const withoutNoise = (xml: string): string => {
    const start = xml.search(/<\?xml|<!DOCTYPE|<nvidia_smi_log/);
    const noise = start < 0 ? xml : xml.slice(0, start);
    if (noise.trim() !== '') onNoise(noise.trim());
    return start < 0 ? '' : xml.slice(start);
  };
  return {
    push(chunk: string): void {
      const seen = tail + chunk;
      part += chunk;
      if (part.length >= PART) {
        parts.push(part);
        part = '';
      }
      size += chunk.length;
      tail = seen.slice(1 - END.length);
      if (seen.includes(END)) {
        let pending = parts.join('') + part;
        for (let end = pending.indexOf(END); end >= 0; end = pending.indexOf(END)) {
          onDocument(withoutNoise(pending.slice(0, end + END.length)));
          pending = pending.slice(end + END.length);
        }
        keep(pending);
      }
      if (size <= MAX_DOCUMENT) return;
      keep('');
      onNoise(text('telemetry.smi.endless', { mib: MAX_MIB }));
      onFlood();
    },
    /** Handles what is left when the stream ends: an error message, or a document that was cut off. */
    end(): void {
      const rest = withoutNoise(parts.join('') + part);
      keep('');
      if (rest.trim() !== '') onDocument(rest);
    },
  };
}
