import path from 'node:path';
import { onTestFinished } from 'vitest';
import { unixAddress } from '../../app/recorder/service-notify.node.ts';
import { openLibrary } from '../../app/telemetry/native-library.node.ts';
import { temporaryFolder } from './folders.ts';

const [AF_UNIX, SOCK_DGRAM, MSG_DONTWAIT] = [1, 2, 0x40];
const LONGEST = 4096;

/** A socket as systemd has it, to which services send datagrams. */
export function notifySocket() {
  const libc = openLibrary('libc.so.6');
  const file = path.join(temporaryFolder(), 'notify');
  const socket = libc.bind('socket', ['uint', 'uint', 'uint'])!(AF_UNIX, SOCK_DGRAM, 0);
  const address = unixAddress(file)!;
  const bound = libc.bind('bind', ['uint', 'out', 'uint'])!(socket, address, address.length);
  if (bound !== 0) throw new Error(`${file} could not be bound`);
  const receive = libc.bind('recv', ['uint', 'out', 'ulonglong', 'uint'])!;
  const close = libc.bind('close', ['uint'])!;
  onTestFinished(() => void close(socket));
  const messages: string[] = [];
  return {
    file,
    /** every message so far */
    messages(): readonly string[] {
      for (;;) {
        const buffer = new Uint8Array(LONGEST);
        const length = receive(socket, buffer, BigInt(LONGEST), MSG_DONTWAIT);
        if (length < 0) return messages;
        messages.push(Buffer.from(buffer.subarray(0, length)).toString());
      }
    },
  };
}
