import { at, listAt, numberAt, textAt, type Json } from '../../core/json.ts';

/** What one answer contains. */
export type Counts = {
  readonly tokens: number;
  readonly promptTokens: number;
  readonly images: number;
  readonly model?: string;
  /** the server reported no count, or not of all of it: the true number of tokens is `tokens` or more */
  readonly atLeast?: boolean;
};

/** The server's own count of tokens, in the forms that servers use. */
export function usageOf(json: Json): { readonly tokens: number; readonly promptTokens: number } | undefined {
  // OpenAI's Responses API puts the finished response into its last event
  const usage =
    at(json, 'usage') ??
    at(json, 'response', 'usage') ??
    at(json, 'message', 'usage') ?? // Anthropic's Messages API, whose first event counts the prompt
    at(json, 'details') ?? // TGI's own API
    json;
  const tokens =
    numberAt(usage, 'completion_tokens') ?? // chat and text completions
    numberAt(usage, 'output_tokens') ?? // Responses API
    numberAt(usage, 'eval_count') ?? // Ollama's own API, docs/api.md
    numberAt(usage, 'generated_tokens') ??
    numberAt(usage, 'tokens_predicted') ?? // llama.cpp's own API, tools/server/README.md
    numberAt(json, 'timings', 'predicted_n'); // and in the last event of its streams, if no usage was requested
  const promptTokens =
    numberAt(usage, 'prompt_tokens') ??
    numberAt(usage, 'input_tokens') ??
    numberAt(usage, 'prompt_eval_count') ??
    numberAt(usage, 'tokens_evaluated') ??
    numberAt(json, 'timings', 'prompt_n');
  return tokens === undefined && promptTokens === undefined
    ? undefined
    : { tokens: tokens ?? 0, promptTokens: promptTokens ?? 0 };
}

/** Images in an answer: OpenAI's `data` with an image or its address in each item, or WebUI's `images`. */
export function imagesOf(json: Json): number {
  const data = (listAt(json, 'data') ?? []).filter(
    (item) =>
      textAt(item, 'b64_json') !== undefined || at(item, 'b64_json') === '' || textAt(item, 'url') !== undefined,
  );
  const images = (listAt(json, 'images') ?? []).filter((item) => typeof item === 'string');
  // WebUI repeats the request as `parameters`; its `images` may also hold a grid and the maps of ControlNet
  const [size, batches] = [numberAt(json, 'parameters', 'batch_size'), numberAt(json, 'parameters', 'n_iter')];
  const made = size && batches ? Math.min(images.length, size * batches) : images.length;
  return data.length + made;
}

export const modelOf = (json: Json): string | undefined => textAt(json, 'model') ?? textAt(json, 'response', 'model');

const isPiece = (value: Json): boolean => (typeof value === 'string' ? value !== '' : Array.isArray(value));

/**
 * Which choices a streamed event carries a piece of generated content for. A line break is content.
 * @param of the choice or prompt of an event that lists none
 */
export function piecesIn(json: Json, of: number): readonly number[] {
  const choices = (listAt(json, 'choices') ?? []).filter((choice) =>
    [
      at(choice, 'delta', 'content'),
      at(choice, 'delta', 'reasoning_content'),
      at(choice, 'delta', 'reasoning'),
      at(choice, 'delta', 'tool_calls'),
      at(choice, 'text'),
    ].some(isPiece),
  );
  if (choices.length > 0) return choices.map((choice, i) => numberAt(choice, 'index') ?? i);
  const type = textAt(json, 'type') ?? '';
  // Anthropic's message_delta carries the usage, not content
  const carries =
    (/[._]delta$/.test(type) && type !== 'message_delta') ||
    [
      at(json, 'response'),
      at(json, 'message', 'content'),
      at(json, 'message', 'thinking'),
      at(json, 'content'),
      at(json, 'token', 'text'),
      at(json, 'token'), // KoboldCpp's own stream
      at(json, 'candidates', 0, 'content', 'parts', 0, 'text'), // Gemini
    ].some((piece) => typeof piece === 'string' && piece !== '');
  return carries ? [of] : [];
}

/** Running totals of a meter. */
export type Totals = {
  readonly requests: number;
  readonly running: number;
  readonly tokens: number;
  readonly promptTokens: number;
  readonly images: number;
  /** answers whose tokens are only known to be some number or more */
  readonly inexact: number;
  /** whether any answer so far is one of them */
  readonly atLeast: boolean;
  readonly model?: string;
  /** ms during which at least one request was in progress */
  readonly busyMs: number;
};
