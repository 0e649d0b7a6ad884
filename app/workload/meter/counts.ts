import { at, listAt, numberAt, textAt, type Json } from '../../core/json.ts';
import { createSlimJson } from './slim-json.ts';

/** What one answer contains. */
export type Counts = {
  /** generated */
  readonly tokens: number;
  /** of the whole prompt, also what came from a cache; absent: the server reports none */
  readonly promptTokens?: number;
  /** those of `promptTokens` that came from a cache; absent: not reported */
  readonly cachedPromptTokens?: number;
  readonly images: number;
  readonly model?: string;
  /** the server reported no count, so `tokens` is the number of streamed pieces; a piece may contain several tokens */
  readonly atLeast?: boolean;
};

type Usage = Pick<Counts, 'tokens' | 'promptTokens' | 'cachedPromptTokens'>;

/** Sum of the numbers that are there; undefined: there is none. */
const sumOf = (...values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
};

/** Prompt tokens, and those of them that came from a cache, in the forms that servers use. */
function promptOf(json: Json, usage: Json): Pick<Usage, 'promptTokens' | 'cachedPromptTokens'> {
  // Anthropic's input_tokens leave out what was read from the cache or written to it
  const read = numberAt(usage, 'cache_read_input_tokens');
  const written = numberAt(usage, 'cache_creation_input_tokens');
  const processed = numberAt(json, 'timings', 'prompt_n'); // llama.cpp: without what came from the cache
  const reused = numberAt(json, 'timings', 'cache_n');
  const promptTokens =
    numberAt(usage, 'prompt_tokens') ??
    sumOf(numberAt(usage, 'input_tokens'), read, written) ??
    numberAt(usage, 'prompt_eval_count') ?? // Ollama leaves it out when the whole prompt was cached
    numberAt(usage, 'tokens_evaluated') ??
    (processed === undefined ? undefined : processed + (reused ?? 0));
  const cachedPromptTokens =
    numberAt(usage, 'prompt_tokens_details', 'cached_tokens') ??
    numberAt(usage, 'input_tokens_details', 'cached_tokens') ?? // Responses API
    read ??
    reused;
  return {
    ...(promptTokens !== undefined && { promptTokens }),
    ...(promptTokens !== undefined && cachedPromptTokens !== undefined && { cachedPromptTokens }),
  };
}

/** The server's own count of tokens, in the forms that servers use. */
function usageOf(json: Json): Usage | undefined {
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
  const prompt = promptOf(json, usage);
  return tokens === undefined && prompt.promptTokens === undefined ? undefined : { tokens: tokens ?? 0, ...prompt };
}

/** Images in an answer: OpenAI's `data` with an image or its address in each item, or WebUI's `images`. */
function imagesOf(json: Json): number {
  const data = (listAt(json, 'data') ?? []).filter(
    (item) =>
      textAt(item, 'b64_json') !== undefined || at(item, 'b64_json') === '' || textAt(item, 'url') !== undefined,
  );
  const images = (listAt(json, 'images') ?? []).filter((item) => typeof item === 'string');
  return data.length + images.length;
}

const modelOf = (json: Json): string | undefined => textAt(json, 'model') ?? textAt(json, 'response', 'model');

const isPiece = (value: Json): boolean => (typeof value === 'string' ? value !== '' : Array.isArray(value));

/** Whether a streamed piece contains generated content. A line break is content. */
const carries = (json: Json): boolean =>
  (listAt(json, 'choices') ?? []).some((choice) =>
    [
      at(choice, 'delta', 'content'),
      at(choice, 'delta', 'reasoning_content'),
      at(choice, 'delta', 'reasoning'),
      at(choice, 'delta', 'tool_calls'),
      at(choice, 'text'),
    ].some(isPiece),
  ) ||
  /[._]delta$/.test(textAt(json, 'type') ?? '') ||
  [
    at(json, 'response'),
    at(json, 'message', 'content'),
    at(json, 'message', 'thinking'),
    at(json, 'content'),
    at(json, 'token', 'text'),
  ].some((piece) => typeof piece === 'string' && piece !== '');

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // not JSON, so there is nothing to count
  }
};

const LONGEST_LINE = 1024 * 1024;

/** Counts a stream of events or JSON lines: the last count that the server reports, else the streamed pieces. */
function countLines(prefix: string) {
  const decoder = new TextDecoder();
  let rest = '';
  let pieces = 0;
  let images = 0;
  let usage: ReturnType<typeof usageOf>;
  let model: string | undefined;
  function judge(line: string): void {
    if (!line.startsWith(prefix)) return;
    const json = parse(line.slice(prefix.length));
    if (json === undefined) return;
    model ??= modelOf(json);
    const reported = usageOf(json);
    // the last count is final; the prompt may be counted in the first event only
    if (reported) usage = reported.promptTokens || !usage ? reported : { ...usage, tokens: reported.tokens };
    images += imagesOf(json) + (textAt(json, 'type') === 'image_generation.completed' ? 1 : 0);
    if (carries(json)) pieces++;
  }
  return {
    feed(piece: Uint8Array): void {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE) rest = ''; // an image within an event: its line is not counted
      lines.forEach(judge);
    },
    result(): Counts {
      judge(rest);
      const counted = usage !== undefined && usage.tokens > 0;
      return {
        ...usage,
        tokens: counted ? usage!.tokens : pieces,
        images,
        ...(model && { model }),
        ...(!counted && pieces > 0 && { atLeast: true }),
      };
    },
  };
}

function countBody() {
  const slim = createSlimJson();
  return {
    feed: slim.feed,
    result(): Counts {
      const text = slim.text();
      const json = text === undefined ? undefined : parse(text);
      const model = modelOf(json);
      return { tokens: 0, ...usageOf(json), images: imagesOf(json), ...(model && { model }) };
    },
  };
}

export type Counter = { readonly feed: (piece: Uint8Array) => void; readonly result: () => Counts };

/** The counter for an answer of that type; undefined: it contains nothing to count. */
export function counterFor(contentType: string): Counter | undefined {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  if (type === 'text/event-stream') return countLines('data:');
  if (type === 'application/x-ndjson' || type === 'application/jsonl') return countLines('');
  return type === 'application/json' ? countBody() : undefined;
}

/** Running totals of a meter. */
export type Totals = {
  readonly requests: number;
  readonly running: number;
  readonly tokens: number;
  /** of the answers that reported them; absent: none did */
  readonly promptTokens?: number;
  readonly cachedPromptTokens?: number;
  /** some answers did not report their prompt */
  readonly promptAtLeast?: boolean;
  readonly images: number;
  readonly atLeast: boolean;
  readonly model?: string;
  /** ms during which at least one request was in progress */
  readonly busyMs: number;
};
