import { text as sentence } from '../../core/i18n.ts';
import { ownDecoder, RECORDING_FORMAT, type OwnDecoder } from '../replay/recording.ts';
import type { LogFormat } from './log.ts';

/** Slowburn's own recording: see replay/recording.ts. Its stamps are in UTC, its GPUs have UUIDs. */
export const own: LogFormat = {
  kind: 'slowburn',
  recognises: (head) => head.trimStart().startsWith('{') && head.includes(`"${RECORDING_FORMAT}"`),
  open({ sink }) {
    let decoder: OwnDecoder | undefined;
    return {
      line(text, number) {
        if (text.trim() === '') return;
        if (!decoder) {
          const made = ownDecoder(text);
          if (made.ok) decoder = made.value;
          else sink.refuse(made.error);
          return;
        }
        const sample = decoder.line(text);
        if (!sample) return sink.bad(number, sentence('telemetry.log.bad.notLine'));
        for (const { gpu, frame } of sample.gpus) sink.sample(number, { key: gpu.uuid, ...gpu }, sample.tsMs, frame);
      },
      end: () => undefined,
    };
  },
};
