import { numberAt } from '../../core/json.ts';
import { ok } from '../../core/result.ts';
import { askJson, compact, unknownForm, type Adapter } from './adapter.ts';

/** InvokeAI (its OpenAPI document, SessionQueueAndProcessorStatus): counts of queue items by state. */
const STATUS = '/api/v1/queue/default/status';

export const invokeai: Adapter = {
  async read(ask) {
    const status = await askJson(ask, STATUS);
    if (!status.ok) return status;
    const running = numberAt(status.value, 'queue', 'in_progress');
    const waiting = numberAt(status.value, 'queue', 'pending');
    const completed = numberAt(status.value, 'queue', 'completed');
    if (running === undefined || waiting === undefined || completed === undefined) return unknownForm(STATUS);
    return ok(compact({ running, waiting, made: { unit: 'image', count: completed } }));
  },
};
