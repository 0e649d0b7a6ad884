import { text as sentence } from '../../core/i18n.ts';
import type { Result } from '../../core/result.ts';
import { decodeDocument, type SmiDocument } from '../smi/document.ts';
import { createDocumentStream } from '../smi/document-stream.ts';
import { decodeText } from '../smi/text.ts';
import type { LogContext, LogFormat } from './log.ts';
import { parseSmiWall } from './stamps.ts';

// What nvidia-smi -q writes, as XML or text, one document after another.

const MAX_DOCUMENT = 64 * 2 ** 20; // as in document-stream.ts

/** Takes documents as they come, each with the number of the line it begins on. */
function takeDocuments({ sink, stamp }: LogContext, decode: (text: string) => Result<SmiDocument>) {
  return (text: string, number: number): void => {
    const decoded = decode(text);
    if (!decoded.ok) return sink.bad(number, decoded.error.message);
    const wallMs = parseSmiWall(decoded.value.timestamp);
    if (wallMs === undefined) return sink.bad(number, sentence('telemetry.log.bad.smiStamp'));
    const tsMs = stamp(wallMs);
    for (const { gpu, frame } of decoded.value.gpus) {
      // decodeGpu makes a name from the bus where the driver gives no UUID: stable, and good enough to tell them apart
      sink.sample(number, { key: gpu.uuid, ...gpu }, tsMs, frame);
    }
  };
}

export const smiXml: LogFormat = {
  kind: 'smi-xml',
  recognises: (head) =>
    /^\s*<(?:\?xml|!DOCTYPE nvidia_smi_log|nvidia_smi_log)/.test(head) && head.includes('nvidia_smi_log'),
  open(context) {
    const take = takeDocuments(context, decodeDocument);
    let startLine = 0;
    const stream = createDocumentStream(
      (xml) => take(xml, startLine),
      (noise) => context.sink.bad(startLine, sentence('telemetry.log.bad.noise', { found: noise.slice(0, 60) })),
    );
    return {
      line(text, number) {
        const begins = /^\s*<\?xml/.test(text);
        if (begins) stream.end(); // what is before it was cut off, and must not run into it
        if (begins || startLine === 0) startLine = number;
        stream.push(`${text}\n`);
      },
      end: () => stream.end(),
    };
  },
};

const TEXT_START = /^=+NVSMI LOG=+\s*$/;

export const smiText: LogFormat = {
  kind: 'smi-text',
  recognises: (head) =>
    head
      .slice(0, 400)
      .split('\n')
      .some((line) => TEXT_START.test(line.trim())),
  open(context) {
    const take = takeDocuments(context, decodeText);
    let lines: string[] = [];
    let size = 0;
    let startLine = 1;
    function flush(): void {
      if (lines.some((line) => line.trim() !== '')) take(lines.join('\n'), startLine);
      lines = [];
      size = 0;
    }
    return {
      line(text, number) {
        if (TEXT_START.test(text)) {
          flush();
          startLine = number;
        }
        size += text.length + 1; // a file may hold nothing but line ends
        if (size <= MAX_DOCUMENT) lines.push(text);
      },
      end: flush,
    };
  },
};
