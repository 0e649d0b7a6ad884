import { z } from '../core/zod.ts';

/** Settings of the window's application alone. */
export const windowSettings = {
  /** let Chromium draw with the GPU: it then keeps the device open, so the card cannot sleep */
  gpuCompositing: z.boolean().default(false),
  /** closing the window leaves Slowburn recording in the tray */
  closeToTray: z.boolean().default(true),
  /** the same where the desktop shows no tray icons */
  closeWithoutTray: z.enum(['ask', 'minimise', 'quit']).default('ask'),
  /** started at login: without a window, in the tray */
  startHidden: z.boolean().default(true),
};
