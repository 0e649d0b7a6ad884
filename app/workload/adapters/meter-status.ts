import { text } from '../../core/i18n.ts';
import type { MeterNote } from '../meter/note.node.ts';
import { shortModel } from '../programs/model-name.ts';
import type { Made, ServerStatus } from './adapter.ts';

/** What a meter has counted, as a status of the server behind it. */
export function statusFromMeter(note: MeterNote): ServerStatus {
  const { tokens, promptTokens, images, running, model, inexact } = note;
  const made: readonly Made[] = [
    ...(tokens > 0 || images === 0 ? [{ unit: 'token' as const, count: tokens }] : []),
    ...(images > 0 ? [{ unit: 'image' as const, count: images }] : []),
  ];
  const [first, ...also] = made;
  return {
    running,
    promptTokens,
    inexact,
    ...(first && { made: first }),
    ...(also.length > 0 && { also }),
    ...(inexact > 0 && tokens + images === 0 && { note: text('workload.meterNoCounts') }),
    ...(model && { model: shortModel(model) }),
  };
}
