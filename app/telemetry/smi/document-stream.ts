const END = '</nvidia_smi_log>';
const MAX_DOCUMENT = 64 * 2 ** 20; // far above 64 GPUs; a stream without an end must not fill the memory

/**
 * Cuts a stream of text into nvidia-smi documents: in loop mode they follow one another without a separator. Text
 * before a document that cannot be its prologue (an error line of the driver) is handed to `onNoise`.
 */
export function createDocumentStream(onDocument: (xml: string) => void, onNoise: (text: string) => void) {
  let pending = '';
  const drainNoise = () => {
    const start = pending.search(/<\?xml|<!DOCTYPE|<nvidia_smi_log/);
    const noise = start < 0 ? pending : pending.slice(0, start);
    if (noise.trim() !== '') onNoise(noise.trim());
    return start < 0 ? '' : pending.slice(start);
  };
  return {
    push(chunk: string): void {
      pending += chunk;
      for (let end = pending.indexOf(END); end >= 0; end = pending.indexOf(END)) {
        const rest = pending.slice(end + END.length);
        pending = pending.slice(0, end + END.length);
        onDocument(drainNoise());
        pending = rest;
      }
      if (pending.length > MAX_DOCUMENT) {
        onNoise('a document of more than 64 MiB');
        pending = '';
      }
    },
    /** What is left when the stream ends: an error message, or a document cut off. */
    end(): void {
      const rest = drainNoise();
      if (rest.trim() !== '') onDocument(rest);
      pending = '';
    },
  };
}
