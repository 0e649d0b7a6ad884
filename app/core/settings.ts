import { z } from './zod.ts';

/** How numbers and the window look. */
export const coreSettings = {
  temperatureUnit: z.enum(['C', 'F']).default('C'),
  theme: z.enum(['system', 'dark', 'light']).default('system'),
  /** ISO 4217 code */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('EUR'),
};

/** minutes after midnight, local time */
export const minuteOfDay = z.int().min(0).max(1440);

/** Like `z.array(of).max(most)` with a readonly type. zod's own `readonly` freezes its input and throws at typed arrays. */
export const list = <T extends z.ZodType>(
  of: T,
  most: number,
): z.ZodType<readonly z.infer<T>[], readonly z.input<T>[]> => z.array(of).max(most);
