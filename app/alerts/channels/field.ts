import { list } from '../../core/settings.ts';
import { z } from '../../core/zod.ts';

/**
 * A setting of a channel. The page draws it and its schema derives from it. Its name is the text `channel.ID.field.NAME`.
 * `fileOnly`: only the settings file may change it, never the page, because it names a program to start.
 */
export type Field =
  | { readonly kind: 'text'; readonly initial?: string; readonly fileOnly?: true }
  | { readonly kind: 'number'; readonly least: number; readonly most: number; readonly initial: number }
  | { readonly kind: 'choice'; readonly of: readonly [string, ...string[]]; readonly initial: string }
  | { readonly kind: 'flag'; readonly initial: boolean }
  /** one text per line */
  | { readonly kind: 'list'; readonly most: number; readonly fileOnly?: true };

export type Fields = Readonly<Record<string, Field>>;

type ValueOfField<F extends Field> = F extends { kind: 'text' }
  ? string
  : F extends { kind: 'number' }
    ? number
    : F extends { kind: 'choice'; of: readonly (infer One)[] }
      ? One
      : F extends { kind: 'flag' }
        ? boolean
        : readonly string[];

export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: ValueOfField<F[Name]> };

const LONGEST = 500;

function schemaOfField(field: Field): z.ZodDefault {
  switch (field.kind) {
    case 'text':
      return z
        .string()
        .max(LONGEST)
        .default(field.initial ?? '');
    case 'number':
      return z.int().min(field.least).max(field.most).default(field.initial);
    case 'choice':
      return z.enum(field.of).default(field.initial);
    case 'flag':
      return z.boolean().default(field.initial);
    case 'list':
      return list(z.string().max(LONGEST), field.most).default([]);
  }
}

/** A schema for each field; every one has a default. */
export const schemaOfFields = <F extends Fields>(fields: F): z.ZodObject =>
  z.object(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOfField(field)])));
