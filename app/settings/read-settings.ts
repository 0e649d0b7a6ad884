import { text as words } from '../core/i18n.ts';
import { findNodeAtLocation, getNodeValue, parseTree, type Node, type ParseError } from 'jsonc-parser';
import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { limitFields, type LimitField } from '../history/retention/limits.ts';
import { issueWords, syntaxWords } from './problem-words.ts';
import { moveRenamed, renamedKeys, type RenamedKeys } from './renamed-keys.ts';
import { defaultSettings, settingsSchema, type Settings } from './settings.ts';

const problem = z.object({
  /** as `governor.powerW` or `tariff.1.days`; '': the whole file */
  field: z.string(),
  /** counted from 1; null: the problem has no place in the text */
  line: z.int().nullable(),
  message: z.string(),
  next: z.string().optional(),
});
/** What is wrong with a field of the file, and where. */
export type SettingsProblem = TypeOf<typeof problem>;

/** A key of an earlier version: it works, and users should know its name of today. */
const formerKey = z.object({ field: z.string(), line: z.int().nullable(), now: z.string() });
export type FormerKey = TypeOf<typeof formerKey>;

/** What is wrong with the file of settings, and what follows from it. */
export const settingsReport = z.object({
  file: z.string(),
  problems: z.array(problem),
  former: z.array(formerKey),
  /** limits that the file does not give: nothing is deleted by them */
  suspended: z.array(z.enum(limitFields)),
  /** copy of a file that could not be read in full */
  copy: z.string().optional(),
});
export type SettingsReport = TypeOf<typeof settingsReport>;

/** What a file of settings gives. A field that it does not give has its default. */
export type ReadSettings = {
  readonly settings: Settings;
  readonly problems: readonly SettingsProblem[];
  readonly former: readonly FormerKey[];
  /** limits that the file does not give: nothing is deleted by them */
  readonly suspended: readonly LimitField[];
  /** whether the text can be edited field by field */
  readonly wellFormed: boolean;
};

type Path = readonly (string | number)[];
type Tell = (path: Path, message: string) => void;
type Kept = { readonly value: unknown } | undefined;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrappings = [z.ZodDefault, z.ZodNullable, z.ZodReadonly, z.ZodOptional] as const;

/** The schema without its default, null and read-only wrappings. */
function core(schema: z.core.$ZodType): z.core.$ZodType {
  return wrappings.some((Wrapping) => schema instanceof Wrapping) ? core((schema as z.ZodDefault).unwrap()) : schema;
}

/** Keeps what fits its schema, part by part, and reports what does not. */
function salvage(schema: z.core.$ZodType, value: unknown, path: Path, tell: Tell): Kept {
  const whole = z.safeParse(schema, value);
  if (whole.success) return { value: whole.data };
  const inner = core(schema);
  let [told, parts] = [false, undefined as unknown];
  const tellPart: Tell = (part, message) => {
    told = true;
    tell(part, message);
  };
  if (inner instanceof z.ZodObject && isRecord(value)) {
    parts = Object.fromEntries(
      Object.entries<z.core.$ZodType>(inner.shape).flatMap(([key, field]) => {
        const kept = Object.hasOwn(value, key) ? salvage(field, value[key], [...path, key], tellPart) : undefined;
        return kept ? [[key, kept.value]] : [];
      }),
    );
  } else if (inner instanceof z.ZodArray && Array.isArray(value)) {
    parts = value.flatMap((element, i) => salvage(inner.element, element, [...path, i], tellPart)?.value ?? []);
  }
  const kept = z.safeParse(schema, parts);
  if (parts !== undefined && kept.success) return { value: kept.data };
  const [issue] = (parts === undefined ? whole : kept).error!.issues;
  if (Array.isArray(parts) && issue?.code === 'too_big' && issue.path.length === 0) {
    const most = Number(issue.maximum);
    tell(path, words('settingsFile.tooMany', { count: most }));
    return salvage(schema, parts.slice(0, most), path, tell);
  }
  if (!told && issue) {
    const inside = issue.path.map((key) => (typeof key === 'symbol' ? key.toString() : key));
    tell([...path, ...inside], issueWords(issue, valueAt(value, inside)));
  }
  return undefined;
}

/** What stands at a place below a value; undefined: nothing. */
const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((at, key) => (at as Record<string | number, unknown> | null | undefined)?.[key], value);

/** Fields of an object that stand in it more than once: which one counts would be a guess. */
function repeated(root: Node): ReadonlyMap<string, Node> {
  const seen = new Set<string>();
  const twice = new Map<string, Node>();
  for (const property of root.children ?? []) {
    const key = property.children?.[0]?.value as string;
    if (seen.has(key)) twice.set(key, property);
    seen.add(key);
  }
  return twice;
}

/** A file that gives nothing, for one reason. */
export const nothingRead = (problem: SettingsProblem): ReadSettings => ({
  settings: defaultSettings,
  problems: [problem],
  former: [],
  suspended: limitFields,
  wellFormed: false,
});

/**
 * Reads settings field by field: a field that does not fit takes its default and is reported with its line, and the
 * others keep what the file gives. Comments and trailing commas are accepted, as editors write them. Text that is no JSON
 * gives nothing: a number that was cut off would be a wrong number.
 */
export function readSettings(text: string, renamed: RenamedKeys = renamedKeys): ReadSettings {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  let read: unknown;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
    read = root && getNodeValue(root);
  } catch {
    return nothingRead({ field: '', line: null, message: words('settingsFile.tooDeep') });
  }
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  if (text.trim() === '') return nothingRead({ field: '', line: 1, message: words('settingsFile.empty') });
  const [first] = errors;
  if (first) {
    const message = words('settingsFile.notJson', { reason: syntaxWords(first) });
    return nothingRead({ field: '', line: lineAt(first.offset), message });
  }
  if (!root || !isRecord(read)) return nothingRead({ field: '', line: 1, message: words('settingsFile.notObject') });

  const problems: SettingsProblem[] = [];
  const { given: moved, found } = moveRenamed(read, renamed);
  const given: Record<string, unknown> = { ...moved };
  /** of what stands there, or of the object in which it is missing */
  const lineOf = (path: Path): number | null => {
    const node = findNodeAtLocation(root, [...path]);
    if (node) return lineAt(node.offset);
    return path.length > 1 ? lineOf(path.slice(0, -1)) : null;
  };
  for (const [key, node] of repeated(root)) {
    if (!Object.hasOwn(settingsSchema.shape, key)) continue;
    delete given[key];
    problems.push({ field: key, line: lineAt(node.offset), message: words('settingsFile.twice') });
  }
  const tell: Tell = (path, message) => void problems.push({ field: path.join('.'), line: lineOf(path), message });
  const wrong = new Set<string>();
  const kept = salvage(settingsSchema, given, [], (path, message) => {
    wrong.add(String(path[0]));
    tell(path, message);
  });
  return {
    settings: (kept?.value as Settings | undefined) ?? defaultSettings,
    problems: problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    former: found.map((field) => ({ field, line: lineOf(field.split('.')), now: renamed[field]! })),
    suspended: limitFields.filter((field) => !Object.hasOwn(given, field) || wrong.has(field)),
    wellFormed: true,
  };
}
