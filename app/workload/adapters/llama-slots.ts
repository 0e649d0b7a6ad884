import { text } from '../../core/i18n.ts';
import { at, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { ok, type Result } from '../../core/result.ts';
import { shortModel } from '../programs/model-name.ts';
import { askJson, compact, unknownForm, type Ask, type Moment, type ServerStatus } from './adapter.ts';

/** Of one slot: which request it serves or served last, and how far that is. */
type Slot = {
  readonly task: number;
  readonly made: number;
  /** tokens of prompt and answer together */
  readonly held?: number;
  readonly read?: number;
  readonly busy: boolean;
};

/**
 * One entry of GET /slots. `next_token` is an object, or since 2025 a list of one; the request was `task_id`, and `state` told
 * whether there is one, until 2024. A slot without a request reports neither.
 */
function slotOf(entry: Json): Slot | undefined {
  const next = listAt(entry, 'next_token')?.[0] ?? at(entry, 'next_token');
  const made = numberAt(next, 'n_decoded') ?? numberAt(entry, 'n_decoded');
  const task = numberAt(entry, 'id_task') ?? numberAt(entry, 'task_id');
  if (made === undefined || task === undefined) return undefined;
  const busy = at(entry, 'is_processing') === true || (numberAt(entry, 'state') ?? 0) > 0;
  const read = numberAt(entry, 'n_prompt_tokens_processed');
  const held = numberAt(entry, 'n_prompt_tokens');
  return { task, made, busy, ...(read !== undefined && { read }), ...(held !== undefined && { held }) };
}

/**
 * Adds what a slot made since it was last looked at. Requests that came and went between two looks are missed. When a request is
 * done its counts become 0, but what the slot holds tells how far the answer came since the last look.
 */
function add(memory: Map<string, number>, of: string, index: number, { task, made, held, read, busy }: Slot): void {
  const slot = `slot ${index}${of}`;
  const same = memory.get(`${slot} task`) === task;
  const before = (what: string): number => (same ? (memory.get(`${slot} ${what}`) ?? 0) : 0);
  const grow = (what: 'made' | 'read', by: number): void =>
    void memory.set(`slots ${what}${of}`, (memory.get(`slots ${what}${of}`) ?? 0) + Math.max(0, by));
  const done = same && !busy && made < before('made');
  grow('made', done && held !== undefined ? held - before('held') : made - before('made'));
  if (read !== undefined) grow('read', read - before('read'));
  memory.set(`${slot} task`, task);
  memory.set(`${slot} made`, made);
  memory.set(`${slot} held`, held ?? 0);
  memory.set(`${slot} read`, read ?? 0);
}

/**
 * What the slots of llama.cpp's server show (tools/server/README.md, "GET /slots"). Its question wakes a server that sleeps, and
 * keeps an idle one from falling asleep (README, "Sleeping on idle"), so it is asked once, and then while the card works.
 * @param of which model, in the memory of a router
 */
export async function readSlots(
  ask: Ask,
  memory: Map<string, number>,
  { loads }: Moment,
  of: string,
): Promise<Result<ServerStatus>> {
  const props = await askJson(ask, '/props');
  const path = props.ok ? textAt(props.value, 'model_path') : undefined;
  const model = path === undefined ? undefined : shortModel(path);
  const asleep = props.ok && at(props.value, 'is_sleeping') === true;
  const known = memory.has(`slots known${of}`);
  let running: number | undefined;
  if (!asleep && (loads || !known)) {
    const answer = await askJson(ask, '/slots');
    if (!answer.ok) return answer;
    const slots = listAt(answer.value);
    if (!slots) return unknownForm('/slots');
    running = 0;
    for (const [i, entry] of slots.entries()) {
      const slot = slotOf(entry);
      if (!slot) continue;
      add(memory, of, i, slot);
      if (slot.busy) running++;
    }
    memory.set(`slots known${of}`, 1);
  }
  return ok(
    compact({
      model,
      running,
      made: { unit: 'token', count: memory.get(`slots made${of}`) ?? 0 },
      promptTokens: memory.get(`slots read${of}`),
      atLeast: true,
      note: text('workload.countedFromSlots'),
    }),
  );
}
