// The wire format of D-Bus: as much of it as talking to a desktop needs. D-Bus Specification 0.43, "Type System" and "Message
// Protocol". A library was not taken: docs/dependencies.md.

/** Types that a signature may name here. Others (numbers of 16 and 64 bits, doubles, descriptors) are refused. */
export type WireValue = boolean | number | string | WireVariant | readonly WireValue[];
/** A value that brings its own type. */
export type WireVariant = { readonly signature: string; readonly value: WireValue };

export const messageTypes = { call: 1, reply: 2, error: 3, signal: 4 } as const;

export type WireMessage = {
  readonly type: number;
  readonly serial: number;
  readonly path?: string | undefined;
  readonly interface?: string | undefined;
  readonly member?: string | undefined;
  readonly errorName?: string | undefined;
  readonly replySerial?: number | undefined;
  readonly destination?: string | undefined;
  readonly sender?: string | undefined;
  readonly signature?: string | undefined;
  readonly body: readonly WireValue[];
};

/** Header fields: code, name, type. */
const FIELDS = [
  [1, 'path', 'o'],
  [2, 'interface', 's'],
  [3, 'member', 's'],
  [4, 'errorName', 's'],
  [5, 'replySerial', 'u'],
  [6, 'destination', 's'],
  [7, 'sender', 's'],
  [8, 'signature', 'g'],
] as const;

const VERSION = 1;
const FIXED = 16;
/** Far more than a notification server sends. The specification allows 128 MiB. */
const LARGEST = 2 ** 20;
const DEEPEST = 32;

const ALIGNMENT: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  b: 4,
  i: 4,
  u: 4,
  s: 4,
  o: 4,
  a: 4,
  '(': 8,
  '{': 8,
};

/** Where the complete type that begins at `at` ends. */
function typeEnd(signature: string, at: number): number {
  const first = signature[at];
  if (first === undefined || !(first in ALIGNMENT)) throw new RangeError(`type ${first ?? 'missing'} in ${signature}`);
  if (first === 'a') return typeEnd(signature, at + 1);
  const close = first === '(' ? ')' : first === '{' ? '}' : undefined;
  if (close === undefined) return at + 1;
  let end = typeEnd(signature, at + 1); // one without parts is none, and an array of them would have no end
  while (signature[end] !== close) end = typeEnd(signature, end);
  return end + 1;
}

/** "sa{sv}u" → ["s", "a{sv}", "u"] */
export function typesIn(signature: string): readonly string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length;) {
    const end = typeEnd(signature, at);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

/** Bytes that grow, little-endian. Alignment counts from the first byte. */
function createWriter() {
  const bytes: number[] = [];
  const align = (to: number): void => {
    while (bytes.length % to !== 0) bytes.push(0);
  };
  const uint32At = (at: number, value: number): void => {
    for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff;
  };
  const uint32 = (value: number): void => {
    align(4);
    uint32At(bytes.length, value);
  };
  const text = (value: string, long: boolean): void => {
    const encoded = Buffer.from(value, 'utf8');
    if (encoded.includes(0)) throw new RangeError('a string of D-Bus holds no zero');
    if (long) uint32(encoded.length);
    else bytes.push(encoded.length);
    bytes.push(...encoded, 0);
  };

  function textOf(value: WireValue): string {
    if (typeof value !== 'string') throw new TypeError('a string of D-Bus is a string');
    return value;
  }

  function write(type: string, value: WireValue): void {
    align(ALIGNMENT[type[0]!]!);
    switch (type[0]) {
      case 'y':
        return void bytes.push(Number(value) & 0xff);
      case 'b':
        return uint32(value === true ? 1 : 0);
      case 'i':
      case 'u':
        return uint32(Number(value));
      case 's':
      case 'o':
        return text(textOf(value), true);
      case 'g':
        return text(textOf(value), false);
      case 'v': {
        const variant = value as WireVariant;
        text(variant.signature, false);
        return write(variant.signature, variant.value);
      }
      case 'a': {
        const element = type.slice(1);
        const lengthAt = bytes.length;
        uint32(0);
        align(ALIGNMENT[element[0]!]!); // the padding before the first element is not counted
        const startAt = bytes.length;
        for (const one of value as readonly WireValue[]) write(element, one);
        return uint32At(lengthAt, bytes.length - startAt);
      }
      default: {
        const parts = value as readonly WireValue[];
        typesIn(type.slice(1, -1)).forEach((part, i) => write(part, parts[i]!));
      }
    }
  }
  return { bytes, align, write };
}

/** A message as bytes. Throws a RangeError for what cannot be sent. */
export function encodeMessage(message: WireMessage): Buffer {
  const body = createWriter();
  typesIn(message.signature ?? '').forEach((type, i) => body.write(type, message.body[i]!));
  const head = createWriter();
  const fields = FIELDS.flatMap(([code, name, signature]) => {
    const value = message[name];
    return value === undefined || value === '' ? [] : [[code, { signature, value }]];
  });
  const fixed = [0x6c, message.type, 0, VERSION, body.bytes.length, message.serial];
  'yyyyuu'.split('').forEach((type, i) => head.write(type, fixed[i]!));
  head.write('a(yv)', fields);
  head.align(8);
  return Buffer.from([...head.bytes, ...body.bytes]);
}

/** Reads values out of bytes. Throws a RangeError for what is no message; never reads beyond the end. */
function createReader(bytes: Buffer, little: boolean) {
  let at = 0;
  const align = (to: number): void => void (at = Math.ceil(at / to) * to);
  const uint32 = (): number => {
    align(4);
    const value = little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    at += 4;
    return value;
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('the message ends early');
    return bytes.subarray(at, (at += length));
  };
  const text = (length: number): string => take(length + 1).toString('utf8', 0, length);

  function read(type: string, depth = 0): WireValue {
    if (depth > DEEPEST) throw new RangeError('the message is nested too deeply');
    align(ALIGNMENT[type[0]!]!);
    switch (type[0]) {
      case 'y':
        return take(1)[0]!;
      case 'b':
        return uint32() === 1;
      case 'i':
        return uint32() | 0;
      case 'u':
        return uint32();
      case 's':
      case 'o':
        return text(uint32());
      case 'g':
        return text(take(1)[0]!);
      case 'v': {
        const signature = text(take(1)[0]!);
        if (typesIn(signature).length !== 1) throw new RangeError('a variant has one type');
        return { signature, value: read(signature, depth + 1) };
      }
      case 'a': {
        const length = uint32();
        align(ALIGNMENT[type[1]!]!);
        const end = at + length;
        if (end > bytes.length) throw new RangeError('the message ends early');
        const elements: WireValue[] = [];
        while (at < end) elements.push(read(type.slice(1), depth + 1));
        return elements;
      }
      default:
        return typesIn(type.slice(1, -1)).map((part) => read(part, depth + 1));
    }
  }
  return { read, align, at: () => at };
}

/** Length of the first message in bytes that arrive; undefined: too few of them to tell. Throws if it is no message. */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED) return undefined;
  const little = bytes[0] === 0x6c;
  if ((!little && bytes[0] !== 0x42) || bytes[3] !== VERSION) throw new RangeError('this is no message of D-Bus');
  const word = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const length = Math.ceil((FIXED + word(12)) / 8) * 8 + word(4);
  if (length > LARGEST) throw new RangeError(`a message of ${length} bytes`);
  return length;
}

/** One whole message. Throws a RangeError if it is none. */
export function decodeMessage(bytes: Buffer): WireMessage {
  const { read, align } = createReader(bytes, bytes[0] === 0x6c);
  const [, type, , , , serial] = 'yyyyuu'.split('').map((one) => read(one));
  const given = new Map((read('a(yv)') as [number, WireVariant][]).map(([code, { value }]) => [code, value]));
  align(8);
  const fields = Object.fromEntries(
    FIELDS.flatMap(([code, name]) => (given.has(code) ? [[name, given.get(code)]] : [])),
  );
  const { signature = '' } = fields as { signature?: string };
  return {
    ...fields,
    type: Number(type),
    serial: Number(serial),
    body: typesIn(signature).map((one) => read(one)),
  };
}
