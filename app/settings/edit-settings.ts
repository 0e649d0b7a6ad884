import { applyEdits, findNodeAtLocation, modify, parseTree, type JSONPath } from 'jsonc-parser';
import type { LimitField } from '../history/retention/limits.ts';
import type { Settings } from './settings.ts';

const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const put = (text: string, at: JSONPath, value: unknown): string =>
  applyEdits(text, modify(text, at, value, { formattingOptions }));

/** How often a field stands in the outermost object. */
const timesGiven = (text: string, key: string): number =>
  (parseTree(text)?.children ?? []).filter((property) => property.children?.[0]?.value === key).length;

/** Sets a value; an object is set part by part, so that parts of a later version stay in it. */
function set(text: string, at: JSONPath, value: unknown): string {
  const tree = parseTree(text);
  const isObject = tree && findNodeAtLocation(tree, at)?.type === 'object';
  if (!isRecord(value) || !isObject) return put(text, at, value);
  return Object.entries(value).reduce((edited, [key, part]) => set(edited, [...at, key], part), text);
}

/** Changes fields of a well-formed text and leaves everything else as it is, comments and unknown fields too. */
export function editSettings(text: string, change: Partial<Settings>): string {
  let edited = text;
  for (const [key, value] of Object.entries(change)) {
    while (timesGiven(edited, key) > 1) edited = put(edited, [key], undefined); // takes the first away
    edited = set(edited, [key], value);
  }
  return edited;
}

/** Settings as a new file. */
export const textOf = (settings: Settings, without: readonly LimitField[]): string =>
  `${JSON.stringify(Object.fromEntries(Object.entries(settings).filter(([key]) => !without.includes(key as LimitField))), null, 2)}\n`;
