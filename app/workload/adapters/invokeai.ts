import { ok } from '../../core/result.ts';
import { askJson, malformed, told, type Adapter } from './adapter.ts';
import { numberAt } from '../../core/json.ts';

/** InvokeAI (its OpenAPI document, SessionQueueAndProcessorStatus): counts of queue items by state. */
const STATUS = '/api/v1/queue/default/status';

export const invokeai: Adapter = {
  id: 'invokeai',
  async read(ask) {
    const status = await askJson(ask, STATUS);
    if (!status.ok) return status;
    const running = numberAt(status.value, 'queue', 'in_progress');
    const waiting = numberAt(status.value, 'queue', 'pending');
    const completed = numberAt(status.value, 'queue', 'completed');
    if (running === undefined || waiting === undefined || completed === undefined) return malformed(STATUS);
    return ok(told({ running, waiting, made: { unit: 'image', count: completed } }));
  },
};
