const LOOK_EVERY_MS = 1_000;
const LOOKS = 10;

/**
 * Waits for the tray of a desktop that is still starting: at login, Slowburn may be faster.
 * @returns whether there is one; without it, a hidden window could not be opened
 */
export async function startHidden(trayIsVisible: () => Promise<boolean>, everyMs = LOOK_EVERY_MS): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (await trayIsVisible()) return true;
  }
  return false;
}
