// The language file: every key is used, and no sentence that users read is outside of it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const WORDS = 'app/core/locales/';
/** What users see. */
const PRODUCT = /^(?:app|cli|main|renderer)\/.*\.tsx?$/;
/** i18next chooses one of these by `count`. */
const PLURAL = /_(?:zero|one|two|few|many|other)$/;

/**
 * Beginnings of keys that are completed from data with several parts, such as `health.xid.grave`. Elsewhere a `${…}` in a
 * key is one part without a dot.
 */
const DEEP_PREFIXES = ['health.'];

const parse = (file, source) => ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);

function visit(node, look) {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** Keys of nested words, with dots: { cli: { gpu: … } } → cli.gpu. */
export const keysOf = (words, prefix = '') =>
  Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key}.`),
  );

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Texts of a source that may be keys: literals, and templates as patterns. */
function namesIn(file, source) {
  const names = { literals: [], patterns: [] };
  visit(parse(file, source), (node) => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) names.literals.push(node.text);
    if (!ts.isTemplateExpression(node) || !/^[a-z]\w*\./i.test(node.head.text)) return;
    const hole = DEEP_PREFIXES.includes(node.head.text) ? '.+' : '[^.]+';
    const tail = node.templateSpans.map(({ literal }) => hole + escaped(literal.text)).join('');
    names.patterns.push(escaped(node.head.text) + tail);
  });
  return names;
}

/**
 * @param {readonly string[]} keys
 * @param {readonly (readonly [file: string, source: string])[]} sources
 * @returns {string[]} the keys that no source uses
 */
export function unusedKeys(keys, sources) {
  const found = sources.map(([file, source]) => namesIn(file, source));
  const literals = new Set(found.flatMap((names) => names.literals));
  const patterns = [...new Set(found.flatMap((names) => names.patterns))].map((pattern) => new RegExp(`^${pattern}$`));
  const isUsed = (key) => literals.has(key) || patterns.some((pattern) => pattern.test(key));
  return keys.filter((key) => !isUsed(key) && !isUsed(key.replace(PLURAL, '')));
}

/** HTML without its tags and styles: what a browser shows. */
const shown = (markup) => markup.replaceAll(/<style[^]*?<\/style>|<script[^]*?<\/script>|<[^>]*>/g, ' ');

/** What `a + b`, `a ?? b`, `a || b` and `a && b` can result in; a comparison shows neither side. */
function textOfBinary({ left, operatorToken: { kind }, right }) {
  const { PlusToken, QuestionQuestionToken, BarBarToken, AmpersandAmpersandToken } = ts.SyntaxKind;
  if (kind === AmpersandAmpersandToken) return textOf(right);
  return [PlusToken, QuestionQuestionToken, BarBarToken].includes(kind) ? (textOf(left) ?? textOf(right)) : undefined;
}

/** The text of a literal or template without its values; undefined for any other expression. */
function textOf(node) {
  if (ts.isJsxText(node)) return node.text;
  if (ts.isJsxExpression(node)) return node.expression && textOf(node.expression);
  if (ts.isTaggedTemplateExpression(node)) return shown(textOf(node.template));
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join(' ');
  if (ts.isConditionalExpression(node)) return textOf(node.whenTrue) ?? textOf(node.whenFalse);
  if (ts.isBinaryExpression(node)) return textOfBinary(node);
  return undefined;
}

const KEY = /^[a-z]\w*(?:\.[\w-]+)+$/i;
/** Names that are the same in every language: of the product, and NVIDIA's of its driver's errors. */
const NAMES = /\b(?:Slowburn|Xid)\b/g;

/** Units need no translation, and a key is one already. */
const isSentence = (text) => text !== undefined && !KEY.test(text) && /\p{L}{3}/u.test(text.replaceAll(NAMES, ''));

/** Attributes of elements and components whose values are read or read out. */
const READ_ATTRIBUTES = ['title', 'label', 'aria-label', 'alt', 'placeholder', 'description'];

/** Elements whose content is to be typed as it is. */
const CODE_ELEMENTS = ['Code', 'code', 'kbd', 'pre', 'style'];

const isInCode = ({ parent }) =>
  ts.isJsxElement(parent) && CODE_ELEMENTS.includes(parent.openingElement.tagName.getText());

const nameOf = (expression) =>
  ts.isIdentifier(expression) ? expression.text : ts.isPropertyAccessExpression(expression) ? expression.name.text : '';

/** The expressions in a node that people read. */
function readByPeople(node) {
  if (ts.isCallExpression(node)) {
    const name = nameOf(node.expression);
    if (name === 'err') return node.arguments.slice(1);
    if (['say', 'status', 'question', 'description'].includes(name)) return node.arguments;
    return [];
  }
  if (ts.isNewExpression(node)) {
    const name = nameOf(node.expression);
    if (name === 'InvalidArgumentError') return node.arguments ?? [];
    return name === 'Option' || name === 'Argument' ? (node.arguments ?? []).slice(1, 2) : [];
  }
  if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name))
    return ['message', 'next', 'title'].includes(node.name.text) ? [node.initializer] : [];
  if (ts.isJsxText(node)) return isInCode(node) ? [] : [node];
  if (ts.isJsxExpression(node)) return ts.isJsxAttribute(node.parent) || isInCode(node) ? [] : [node];
  if (ts.isJsxAttribute(node) && node.initializer)
    return READ_ATTRIBUTES.includes(node.name.getText()) ? [node.initializer] : [];
  if (ts.isTaggedTemplateExpression(node)) return nameOf(node.tag) === 'html' ? [node] : [];
  return [];
}

/**
 * @param {readonly (readonly [file: string, source: string])[]} sources
 * @returns {string[]} one line per sentence for people that is written in a source: where and what
 */
export const literalSentences = (sources) =>
  sources.flatMap(([file, source]) => {
    const faults = [];
    const tree = parse(file, source);
    visit(tree, (node) => {
      for (const expression of readByPeople(node)) {
        const text = textOf(expression);
        if (!isSentence(text)) continue;
        const { line } = tree.getLineAndCharacterOfPosition(expression.getStart());
        faults.push(`${file}:${line + 1}: "${text.trim()}": put it into ${WORDS}en.ts and use text('…')`);
      }
    });
    return faults;
  });

/** Evaluates a language file, which holds nothing but an object. */
async function load(file) {
  const { outputText } = ts.transpileModule(fs.readFileSync(file, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  return Object.values(await import(`data:text/javascript,${encodeURIComponent(outputText)}`))[0];
}

/** @returns {Promise<string[]>} one line per fault */
export async function checkKeys(checkout) {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: checkout,
    encoding: 'utf8',
  });
  const sources = list
    .split('\n')
    .filter((file) => PRODUCT.test(file) && !file.startsWith(WORDS) && fs.existsSync(path.join(checkout, file)))
    .map((file) => [file, fs.readFileSync(path.join(checkout, file), 'utf8')]);
  const keys = keysOf(await load(path.join(checkout, WORDS, 'en.ts')));
  return [
    ...unusedKeys(keys, sources).map((key) => `${WORDS}en.ts: nothing uses "${key}": remove it`),
    ...literalSentences(sources),
  ];
}
