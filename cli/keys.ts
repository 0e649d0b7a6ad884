import type { ReadStream } from 'node:tty';

/** Ctrl-C as a terminal sends it while it does not make a signal of it. */
const INTERRUPT = '\u0003';

/**
 * Listens for single keys on a terminal. A stream that is no terminal is left alone: its input may belong to another
 * program.
 * @returns restores the terminal
 */
export function listenForKeys(stream: ReadStream, onKey: (key: string) => void, onInterrupt: () => void): () => void {
  if (!stream.isTTY) return () => undefined;
  const onData = (data: Buffer | string): void => {
    for (const key of data.toString()) {
      if (key === INTERRUPT) onInterrupt();
      else onKey(key);
    }
  };
  stream.setRawMode(true);
  stream.resume();
  stream.on('data', onData);
  return () => {
    stream.off('data', onData);
    stream.setRawMode(false);
    stream.pause();
  };
}
