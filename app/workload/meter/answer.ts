import { at, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { imagesOf, modelOf, piecesOf, usageOf, type Counts } from './counts.ts';
import { partsOf } from './shapes.ts';

type Usage = NonNullable<ReturnType<typeof usageOf>>;

const later = (before: Usage | undefined, now: Usage): Usage => ({
  tokens: now.tokens,
  promptTokens: now.promptTokens || (before?.promptTokens ?? 0), // some count the prompt in the first event only
});

/**
 * Of several choices or prompts together. Choices share their prompt, so it counts once; prompts of a list are read one
 * by one.
 */
const together = (usages: readonly Usage[], shared: boolean): Usage | undefined =>
  usages.length === 0
    ? undefined
    : {
        tokens: usages.reduce((sum, { tokens }) => sum + tokens, 0),
        promptTokens: usages.reduce(
          (sum, { promptTokens }) => (shared ? Math.max(sum, promptTokens) : sum + promptTokens),
          0,
        ),
      };

/** Adds up the documents of one answer: a body, or the events of a stream. */
export function createAnswer() {
  /** the newest count of each choice or prompt */
  const each = new Map<number, Usage>();
  /** counts of one choice each that do not say of which: llama.cpp ends each choice of a stream with one */
  const ends: Usage[] = [];
  /** the count of all choices */
  let whole: Usage | undefined;
  let pieces = 0;
  let images = 0;
  let model: string | undefined;
  let choicesSeen = false;
  /** content was made that no count covers */
  let uncounted = false;

  function note(json: Json, of: number): void {
    const usage = usageOf(json);
    if (!usage) return;
    const choices = listAt(json, 'choices');
    const ownTimings = at(json, 'timings') !== undefined;
    choicesSeen ||= choices !== undefined;
    if (choices?.length === 0 && ownTimings) ends.push(usage);
    else if (choices?.length === 0) whole = later(whole ?? each.get(0), usage);
    else {
      // Anthropic's first event counts the prompt; what it says of the answer is a start, not a count
      const started = textAt(json, 'type') === 'message_start';
      each.set(of, later(each.get(of), started ? { ...usage, tokens: 0 } : usage));
    }
    // llama.cpp answers several choices with the count of the first (handle_completions_impl)
    uncounted ||= (choices?.length ?? 0) > 1 && ownTimings;
  }

  return {
    /** @param streamed a streamed document carries a piece of the content, a body all of it */
    add(document: Json, streamed: boolean): void {
      for (const { json, of } of partsOf(document)) {
        model ??= modelOf(json);
        images += imagesOf(json) + (/^image_(generation|edit)\.completed$/.test(textAt(json, 'type') ?? '') ? 1 : 0);
        pieces += streamed ? piecesOf(json) : answersIn(json);
        note(json, of);
      }
    },
    /** Content was received that cannot be read: the answer broke off, or is too large. */
    lost: (): void => void (uncounted = true),
    result(): Counts {
      const usage = whole ?? together(ends, true) ?? together([...each.values()], choicesSeen);
      const counted = usage !== undefined && usage.tokens > 0;
      return {
        tokens: counted ? usage.tokens : pieces,
        promptTokens: usage?.promptTokens ?? 0,
        images,
        ...(model && { model }),
        ...((uncounted || (!counted && pieces > 0)) && { atLeast: true }),
      };
    },
  };
}

/** Generated texts in a body: each holds a token or more. Long ones arrive here emptied. */
function answersIn(json: Json): number {
  const choices = (listAt(json, 'choices') ?? []).filter(
    (choice) => at(choice, 'message') !== undefined || typeof at(choice, 'text') === 'string',
  );
  if (choices.length > 0) return choices.length;
  const texts = listAt(json, 'candidates') ?? [];
  const ollama = at(json, 'done') === true && textAt(json, 'done_reason') !== 'load';
  const kobold = typeof at(json, 'text') === 'string' && at(json, 'finish_reason') !== undefined;
  return texts.length + (ollama || kobold || numberAt(json, 'tokens_predicted') !== undefined ? 1 : 0);
}
