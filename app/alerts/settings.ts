import { z } from '../core/zod.ts';

export const alertSettings = {
  /** show a desktop notification for each alert */
  notifications: z.boolean().default(true),
};
