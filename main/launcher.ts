/**
 * Tells the program that started this one that the window is up: `npm start` waits for it and then ends. Without such a
 * program, or when it has ended, nothing happens.
 */
export function tellLauncher(): void {
  if (!process.connected) return;
  process.send?.('ready'); // whoever listens closes the channel: others may use it for more
}
