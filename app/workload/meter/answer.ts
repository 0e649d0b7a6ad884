import { at, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { imagesOf, modelOf, piecesIn, usageOf, type Counts } from './counts.ts';
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
  /** pieces of content of each choice or prompt */
  const pieces = new Map<number, number>();
  let images = 0;
  let model: string | undefined;
  let choicesSeen = false;
  /** content was made that no count covers */
  let uncounted = false;

  function note(json: Json, of: number, streamed: boolean): void {
    const usage = usageOf(json);
    if (!usage) return;
    const choices = listAt(json, 'choices');
    const ownTimings = at(json, 'timings') !== undefined;
    choicesSeen ||= choices !== undefined;
    if (choices?.length === 0 && ownTimings) ends.push(usage);
    else if (choices && (choices.length === 0 || !streamed)) whole = later(whole ?? each.get(0), usage);
    else {
      // Anthropic's first event counts the prompt; what it says of the answer is a start, not a count
      const started = textAt(json, 'type') === 'message_start';
      each.set(of, later(each.get(of), started ? { ...usage, tokens: 0 } : usage));
    }
    // llama.cpp answers several choices with the count of the first (handle_completions_impl)
    uncounted ||= (choices?.length ?? 0) > 1 && ownTimings;
  }

  /** Whether every choice or prompt with content has a count. */
  function isCovered(): boolean {
    if (whole) return whole.tokens > 0 || pieces.size === 0;
    if (ends.length > 0) return ends.length >= pieces.size;
    return [...pieces.keys()].every((of) => (each.get(of)?.tokens ?? 0) > 0);
  }

  return {
    /** @param streamed a streamed document carries a piece of the content, a body all of it */
    add(document: Json, streamed: boolean): void {
      for (const { json, of } of partsOf(document)) {
        model ??= modelOf(json);
        images += imagesOf(json) + (/^image_(generation|edit)\.completed$/.test(textAt(json, 'type') ?? '') ? 1 : 0);
        for (const one of streamed ? piecesIn(json, of) : answersIn(json, of))
          pieces.set(one, (pieces.get(one) ?? 0) + 1);
        note(json, of, streamed);
      }
    },
    /** Content was received that cannot be read: the answer broke off, or is too large. */
    lost: (): void => void (uncounted = true),
    result(): Counts {
      const usage = whole ?? together(ends, true) ?? together([...each.values()], choicesSeen);
      const seen = [...pieces.values()].reduce((sum, count) => sum + count, 0);
      const covered = isCovered();
      return {
        // where a choice has no count, both its pieces and the other counts are certain
        tokens: covered ? (usage?.tokens ?? 0) : Math.max(usage?.tokens ?? 0, seen),
        promptTokens: usage?.promptTokens ?? 0,
        images,
        ...(model && { model }),
        ...((uncounted || !covered) && { atLeast: true }),
      };
    },
  };
}

/** The generated texts in a body, as its choices or prompts: each holds a token or more. Long ones arrive emptied. */
function answersIn(json: Json, of: number): readonly number[] {
  const choices = (listAt(json, 'choices') ?? []).filter(
    (choice) => at(choice, 'message') !== undefined || typeof at(choice, 'text') === 'string',
  );
  if (choices.length > 0) return choices.map((_, i) => i);
  const gemini = (listAt(json, 'candidates') ?? []).length > 0;
  const ollama = at(json, 'done') === true && textAt(json, 'done_reason') !== 'load';
  const kobold = typeof at(json, 'text') === 'string' && at(json, 'finish_reason') !== undefined;
  return gemini || ollama || kobold || numberAt(json, 'tokens_predicted') !== undefined ? [of] : [];
}
