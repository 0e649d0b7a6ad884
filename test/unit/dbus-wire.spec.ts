import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { notifyArguments } from '../../main/bus-notifier.ts';
import { sessionBusSocket } from '../../main/dbus/session-bus.ts';
import {
  decodeMessage,
  encodeMessage,
  messageLength,
  typesIn,
  type WireMessage,
  type WireValue,
} from '../../main/dbus/wire.ts';

// Recorded with `dbus-monitor --binary` (dbus 1.14): a call of `gdbus` (GLib 2.74), and the answers of a server on libdbus
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const NOTIFY = bytes(
  '6c010001f800000003000000ad00000001016f001e0000002f6f72672f667265656465736b746f702f4e6f74696669636174696f6e7300' +
    '00020173001d0000006f72672e667265656465736b746f702e4e6f74696669636174696f6e73000000060173001d0000006f72672e6672' +
    '65656465736b746f702e4e6f74696669636174696f6e73000000080167000d73757373736173617b73767d690000000000000301730006' +
    '0000004e6f74696679000007017300040000003a312e320000000008000000536c6f776275726e00000000000000000c0000006469616c' +
    '6f672d6572726f720000000023000000436f72652061742069747320736c6f77646f776e206c696d69742028393320c2b0432900120000' +
    '0052545820333039302026616d703b20636f2e0000380000000700000064656661756c7400040000004f70656e000000000b0000006163' +
    '6b6e6f776c65646765000b00000041636b6e6f776c65646765004c00000007000000757267656e63790001790002080000006361746567' +
    '6f727900017300060000006465766963650000000000000e00000073757070726573732d736f756e6400016200000001000000ffffffff',
);
const REPLY = bytes(
  '6c02010104000000040000002d00000006017300040000003a312e32000000000501750003000000080167000175000007017300040000' +
    '003a312e300000000007000000',
);
const ACTION = bytes(
  '6c04010114000000050000007d00000001016f001e0000002f6f72672f667265656465736b746f702f4e6f74696669636174696f6e7300' +
    '00020173001d0000006f72672e667265656465736b746f702e4e6f74696669636174696f6e73000000030173000d000000416374696f6e' +
    '496e766f6b6564000000080167000275730007017300040000003a312e3000000000070000000b00000061636b6e6f776c6564676500',
);
const CLOSED = bytes(
  '6c04010108000000060000008500000001016f001e0000002f6f72672f667265656465736b746f702f4e6f74696669636174696f6e7300' +
    '00020173001d0000006f72672e667265656465736b746f702e4e6f74696669636174696f6e7300000003017300120000004e6f74696669' +
    '636174696f6e436c6f736564000000000000080167000275750007017300040000003a312e30000000000700000002000000',
);

const NOTIFICATIONS = 'org.freedesktop.Notifications';
const BODY_BYTES = 0xf8;

describe('a message of D-Bus', () => {
  it('is read as other implementations wrote it', () => {
    expect(decodeMessage(NOTIFY)).toEqual({
      type: 1,
      serial: 3,
      path: '/org/freedesktop/Notifications',
      interface: NOTIFICATIONS,
      destination: NOTIFICATIONS,
      member: 'Notify',
      sender: ':1.2',
      signature: 'susssasa{sv}i',
      body: [
        'Slowburn',
        0,
        'dialog-error',
        'Core at its slowdown limit (93 °C)',
        'RTX 3090 &amp; co.',
        ['default', 'Open', 'acknowledge', 'Acknowledge'],
        [
          ['urgency', { signature: 'y', value: 2 }],
          ['category', { signature: 's', value: 'device' }],
          ['suppress-sound', { signature: 'b', value: true }],
        ],
        -1,
      ],
    });
    expect(decodeMessage(REPLY)).toMatchObject({ type: 2, replySerial: 3, destination: ':1.2', body: [7] });
    expect(decodeMessage(ACTION)).toMatchObject({ type: 4, member: 'ActionInvoked', body: [7, 'acknowledge'] });
    expect(decodeMessage(CLOSED)).toMatchObject({ type: 4, member: 'NotificationClosed', body: [7, 2] });
  });

  it('has the bytes that another implementation gives the same notification', () => {
    const notice = {
      title: 'Core at its slowdown limit (93 °C)',
      body: 'RTX 3090 & co.',
      level: 'act',
      silent: true,
      actions: [
        { id: 'acknowledge', label: 'Acknowledge' },
        { id: 'open', label: 'Open' },
      ],
    } as const;
    const args = [...notifyArguments(notice, 0, true)] as WireValue[];
    expect(args[5]).toEqual(['default', 'Open', 'acknowledge', 'Acknowledge', 'open', 'Open']);
    args[5] = ['default', 'Open', 'acknowledge', 'Acknowledge'];
    const message = encodeMessage({ type: 1, serial: 3, signature: 'susssasa{sv}i', body: args });
    expect(message.subarray(-BODY_BYTES)).toEqual(NOTIFY.subarray(-BODY_BYTES));
    expect(messageLength(message)).toBe(message.length);
  });

  it('is whole only with its last byte', () => {
    expect(messageLength(NOTIFY.subarray(0, 15))).toBeUndefined();
    expect(messageLength(Buffer.concat([NOTIFY, REPLY]))).toBe(NOTIFY.length);
    for (let length = 16; length < NOTIFY.length; length++)
      expect(() => decodeMessage(NOTIFY.subarray(0, length))).toThrow(RangeError);
  });

  it('is refused where it is none, or larger than any of a desktop', () => {
    expect(() => messageLength(Buffer.from('HTTP/1.1 200 OK\r\n'))).toThrow(RangeError);
    const huge = Buffer.from(NOTIFY);
    huge.writeUInt32LE(2 ** 31, 4);
    expect(() => messageLength(huge)).toThrow(/bytes/);
  });

  it('with damaged bytes is read or refused, and always ends', () => {
    const damage = fc.array(fc.tuple(fc.nat(NOTIFY.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = Buffer.from(NOTIFY);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          decodeMessage(damaged);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('is read again as it was written', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0'));
    const variant = fc.oneof(
      fc.record({ signature: fc.constant('s'), value: text }),
      fc.record({ signature: fc.constant('b'), value: fc.boolean() }),
      fc.record({ signature: fc.constant('au'), value: fc.array(fc.nat()) }),
    );
    const body = fc.tuple(
      text,
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.array(text),
      fc.array(fc.tuple(text, variant)),
      fc.tuple(fc.nat(255), fc.array(fc.tuple(fc.boolean(), text))),
    );
    fc.assert(
      fc.property(body, fc.nat(), (values, serial) => {
        const message: WireMessage = {
          type: 1,
          serial,
          path: '/a',
          member: 'M',
          signature: 'suiasa{sv}(ya(bs))',
          body: values,
        };
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
    );
  });
});

describe('a signature', () => {
  it('is divided into its complete types', () => {
    expect(typesIn('sa{sv}u(ya(bs))aas')).toEqual(['s', 'a{sv}', 'u', '(ya(bs))', 'aas']);
    expect(typesIn('')).toEqual([]);
  });
  it.each(['a', '(', '()', 'a()', '{s', 'x', 'sz', ')'])('%s is refused', (signature) =>
    expect(() => typesIn(signature)).toThrow(RangeError),
  );
});

describe('the socket of the session’s bus', () => {
  it.each([
    [{ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus' }, '/run/user/1000/bus'],
    [{ DBUS_SESSION_BUS_ADDRESS: 'unix:guid=1f,path=/tmp/a%20b%2cc,x=y' }, '/tmp/a b,c'],
    [{ DBUS_SESSION_BUS_ADDRESS: 'tcp:host=h,port=1;unix:path=/tmp/bus' }, '/tmp/bus'],
    [{ DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=/tmp/dbus-x' }, undefined],
    [{ XDG_RUNTIME_DIR: '/run/user/1000' }, '/run/user/1000/bus'],
    [{}, undefined],
  ])('of %j is %s', (environment, path) => expect(sessionBusSocket(environment)).toBe(path));
});
