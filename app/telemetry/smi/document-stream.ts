const END = '</nvidia_smi_log>';
const MAX_DOCUMENT = 64 * 2 ** 20; // far above 64 GPUs; a stream without an end must not fill the memory
const PART = 64 * 1024;
const MAX_MIB = MAX_DOCUMENT / 2 ** 20;

/**
 * Cuts a stream of text into nvidia-smi documents: in loop mode they follow one another without a separator. Text
 * before a document that cannot be its prologue (an error line of the driver) is handed to `onNoise`.
 * @param onFlood more than any document came without an end: it was dropped
 */
export function createDocumentStream(
  onDocument: (xml: string) => void,
  onNoise: (text: string) => void,
  onFlood: () => void = () => undefined,
) {
  let parts: string[] = []; // joined when a document ends: joining them with each chunk would take quadratic time
  let part = '';
  let size = 0;
  let tail = ''; // of what came so far, in case the end of a document is cut in two
  const keep = (text: string): void => {
    parts = [];
    part = text;
    size = text.length;
    tail = text.slice(1 - END.length);
  };
  const withoutNoise = (text: string): string => {
    const start = text.search(/<\?xml|<!DOCTYPE|<nvidia_smi_log/);
    const noise = start < 0 ? text : text.slice(0, start);
    if (noise.trim() !== '') onNoise(noise.trim());
    return start < 0 ? '' : text.slice(start);
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
      onNoise(`more than ${MAX_MIB} MiB without the end of a document`);
      onFlood();
    },
    /** What is left when the stream ends: an error message, or a document cut off. */
    end(): void {
      const rest = withoutNoise(parts.join('') + part);
      keep('');
      if (rest.trim() !== '') onDocument(rest);
    },
  };
}
