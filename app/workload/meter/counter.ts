import type { Json } from '../../core/json.ts';
import { createAnswer } from './answer.ts';
import type { Counts } from './counts.ts';
import { createSlimJson } from './slim-json.ts';

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // not JSON, so there is nothing to count
  }
};

/** A longer line holds an image. */
const LONGEST_LINE = 256 * 1024;
const EVENT = 'data:';

/** Counts a stream of events or JSON lines: the last count that the server reports, else the streamed pieces. */
function countLines(prefix: string) {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const answer = createAnswer();
  let rest = '';
  /** of a line that holds an image: the line without it */
  let slim: ReturnType<typeof createSlimJson> | undefined;
  function judge(): void {
    const line = slim ? (slim.text() ?? '') : rest;
    rest = '';
    slim = undefined;
    if (!line.startsWith(prefix)) return;
    const json = parse(line.slice(prefix.length));
    if (json !== undefined) answer.add(json, true);
  }
  function extend(text: string): void {
    if (slim) slim.feed(encoder.encode(text));
    else rest += text;
    if (rest.length <= LONGEST_LINE) return;
    slim = createSlimJson();
    slim.feed(encoder.encode(rest));
    rest = '';
  }
  return {
    feed(piece: Uint8Array): void {
      const [first, ...others] = decoder.decode(piece, { stream: true }).split('\n');
      extend(first!);
      for (const line of others) {
        judge();
        extend(line);
      }
    },
    lost: answer.lost,
    result(): Counts {
      judge();
      return answer.result();
    },
  };
}

/**
 * Counts a body: one document, or lines of them where its type is wrong or absent.
 * @param generates whether it holds generated content: what cannot be read of it is missing then
 */
function countBody(generates: boolean) {
  const slim = createSlimJson();
  const answer = createAnswer();
  return {
    feed: slim.feed,
    lost: answer.lost,
    result(): Counts {
      const text = slim.text();
      const json = text === undefined ? undefined : parse(text);
      if (json !== undefined) answer.add(json, false);
      else {
        const lines = (text ?? '')
          .split('\n')
          .map((line) => (line.startsWith(EVENT) ? line.slice(EVENT.length) : line));
        const documents = lines.map(parse).filter((one) => typeof one === 'object' && one !== null);
        documents.forEach((one) => answer.add(one, true));
        const begun = text === undefined || /^\s*[[{]/.test(text);
        if (generates && begun && documents.length === 0) answer.lost();
      }
      return answer.result();
    },
  };
}

export type Counter = {
  readonly feed: (piece: Uint8Array) => void;
  /** A part of the answer could not be read. */
  readonly lost: () => void;
  /** Called once, at the end. */
  readonly result: () => Counts;
};

/** Types of answers, and how each is counted. Some servers name no type, or that of plain text. */
const counters: readonly (readonly [type: RegExp, open: (generates: boolean) => Counter])[] = [
  [/^text\/event-stream$/, () => countLines(EVENT)],
  [/^application\/(x-ndjson|jsonl|x-jsonlines|stream\+json)$/, () => countLines('')],
  [/^((application|text)\/([\w.-]+\+)?json|text\/plain|)$/, countBody],
];

/**
 * Paths whose answers look like generated content, and are not: a look at the text so far (KoboldCpp, whose users ask
 * for it several times a second), a count of tokens, and a response that was counted when it was made.
 */
const NOT_MADE = /\/(generate\/check|count_tokens|tokencount|responses\/[^/]+)$/;

/** Paths whose answers can be large and hold no generated content: vectors, tokens, what a server says of itself. */
const NOT_GENERATED = /\/(embed|embeddings?|rerank|score|classify|pooling|(de)?tokenize|show|tags|models)$/;

/**
 * The counter for an answer of that type; undefined: it contains nothing to count.
 * @param path of the request, with or without its query
 */
export function counterFor(contentType: string, path = ''): Counter | undefined {
  const [where] = path.split('?') as [string];
  if (NOT_MADE.test(where)) return undefined;
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  return counters.find(([pattern]) => pattern.test(type))?.[1](!NOT_GENERATED.test(where));
}
