import { at, listAt, numberAt, textAt, type Json } from '../../core/json.ts';

/** One document of an answer, and which of several prompts or choices it belongs to. */
export type Part = { readonly json: Json; readonly of: number };

const total = (...counts: readonly (number | undefined)[]): number | undefined =>
  counts.every((count) => count === undefined) ? undefined : counts.reduce<number>((sum, one) => sum + (one ?? 0), 0);

const withUsage = (json: Json, model: string | undefined, promptTokens?: number, tokens?: number): Json => ({
  ...(json as object),
  ...(model && { model }),
  usage: { prompt_tokens: promptTokens, completion_tokens: tokens },
});

/**
 * The same document with its counts where OpenAI's API has them. Gemini (ai.google.dev, "GenerateContentResponse"): the
 * counts of each chunk are those so far, and thoughts are counted apart. LM Studio's /api/v1/chat (its docs, "Chat with a
 * model" and "Streaming events"): a stream ends with the whole answer as `result`.
 */
function standard(json: Json): Json {
  const gemini = at(json, 'usageMetadata');
  if (gemini !== undefined) {
    const made = total(numberAt(gemini, 'candidatesTokenCount'), numberAt(gemini, 'thoughtsTokenCount'));
    return withUsage(json, textAt(json, 'modelVersion'), numberAt(gemini, 'promptTokenCount'), made);
  }
  for (const answer of [json, at(json, 'result')]) {
    const made = numberAt(answer, 'stats', 'total_output_tokens');
    if (made !== undefined)
      return withUsage(json, textAt(answer, 'model_instance_id'), numberAt(answer, 'stats', 'input_tokens'), made);
  }
  return json;
}

const isGemini = (json: Json): boolean =>
  at(json, 'usageMetadata') !== undefined || listAt(json, 'candidates') !== undefined;

/**
 * Takes an answer apart into its documents. A list is one document for each prompt (llama.cpp's /completion), or the
 * chunks of one answer (Gemini's streamGenerateContent without events). KoboldCpp's `results` hold one each.
 */
export function partsOf(json: Json): readonly Part[] {
  const list = Array.isArray(json) ? (json as readonly Json[]) : listAt(json, 'results');
  if (list)
    return list.map((one, i) => ({ json: standard(one), of: isGemini(one) ? 0 : (numberAt(one, 'index') ?? i) }));
  return [{ json: standard(json), of: numberAt(json, 'choices', 0, 'index') ?? numberAt(json, 'index') ?? 0 }];
}
