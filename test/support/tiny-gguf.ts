/**
 * A language model of one small layer with random weights, in the format of llama.cpp (ggml, docs/gguf.md, version 3). It says
 * nothing sensible, but a server loads it in milliseconds and generates with it.
 */

const WIDTH = 32;
const INNER = 64;
const HEADS = 2;
const ALIGNMENT = 32;
/** gguf_metadata_value_type */
const TYPE = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const;
const FLOAT32_TENSOR = 0; // ggml_type

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const f32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const string = (text: string): Buffer => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);

type Value = { readonly type: number; readonly bytes: Buffer };
const number = (value: number): Value => ({ type: TYPE.uint32, bytes: u32(value) });
const float = (value: number): Value => ({ type: TYPE.float32, bytes: f32(value) });
const text = (value: string): Value => ({ type: TYPE.string, bytes: string(value) });
const list = (type: number, items: readonly Buffer[]): Value => ({
  type: TYPE.array,
  bytes: Buffer.concat([u32(type), u64(items.length), ...items]),
});

/** Pieces of a SentencePiece vocabulary: unknown, begin, end, every byte, and some letters. */
const special = ['<unk>', '<s>', '</s>'];
const bytePieces = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
const letters = [...'▁abcdefghijklmnopqrstuvwxyz'];
const pieces = [...special, ...bytePieces, ...letters];
/** llama_token_type: unknown, control, byte, normal */
const kinds = pieces.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1));

/** The same numbers at every run, about normally distributed. */
function weights(count: number, seed: number): Buffer {
  let state = seed;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const values = new Float32Array(count).map(() => next() + next() + next() - 1.5);
  return Buffer.from(values.buffer);
}

export function tinyModel(name: string): Buffer {
  const keys: Readonly<Record<string, Value>> = {
    'general.architecture': text('llama'),
    'general.name': text(name),
    'llama.context_length': number(2048),
    'llama.embedding_length': number(WIDTH),
    'llama.block_count': number(1),
    'llama.feed_forward_length': number(INNER),
    'llama.attention.head_count': number(HEADS),
    'llama.attention.head_count_kv': number(HEADS),
    'llama.attention.layer_norm_rms_epsilon': float(1e-5),
    'llama.rope.dimension_count': number(WIDTH / HEADS),
    'llama.vocab_size': number(pieces.length),
    'tokenizer.ggml.model': text('llama'),
    'tokenizer.ggml.pre': text('default'),
    'tokenizer.ggml.tokens': list(TYPE.string, pieces.map(string)),
    'tokenizer.ggml.scores': list(
      TYPE.float32,
      pieces.map((_, i) => f32(-i)),
    ),
    'tokenizer.ggml.token_type': list(TYPE.int32, kinds.map(u32)),
    'tokenizer.ggml.bos_token_id': number(1),
    'tokenizer.ggml.eos_token_id': number(2),
    'tokenizer.ggml.unknown_token_id': number(0),
  };
  const tensors: Readonly<Record<string, readonly number[]>> = {
    'token_embd.weight': [WIDTH, pieces.length],
    'output_norm.weight': [WIDTH],
    'output.weight': [WIDTH, pieces.length],
    'blk.0.attn_norm.weight': [WIDTH],
    'blk.0.attn_q.weight': [WIDTH, WIDTH],
    'blk.0.attn_k.weight': [WIDTH, WIDTH],
    'blk.0.attn_v.weight': [WIDTH, WIDTH],
    'blk.0.attn_output.weight': [WIDTH, WIDTH],
    'blk.0.ffn_norm.weight': [WIDTH],
    'blk.0.ffn_gate.weight': [WIDTH, INNER],
    'blk.0.ffn_up.weight': [WIDTH, INNER],
    'blk.0.ffn_down.weight': [INNER, WIDTH],
  };
  const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(Object.keys(tensors).length), u64(Object.keys(keys).length)];
  for (const [key, { type, bytes }] of Object.entries(keys)) head.push(string(key), u32(type), bytes);
  const data: Buffer[] = [];
  let offset = 0;
  for (const [i, [tensor, shape]] of Object.entries(tensors).entries()) {
    const bytes = weights(
      shape.reduce((a, b) => a * b, 1),
      i + 1,
    );
    head.push(string(tensor), u32(shape.length), ...shape.map(u64), u32(FLOAT32_TENSOR), u64(offset));
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    data.push(bytes, Buffer.alloc(padding));
    offset += bytes.length + padding;
  }
  const header = Buffer.concat(head);
  return Buffer.concat([header, Buffer.alloc((ALIGNMENT - (header.length % ALIGNMENT)) % ALIGNMENT), ...data]);
}
