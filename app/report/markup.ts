import { printableLines } from '../core/printable.ts';

/** Markup that is already safe. Strings put into a template are escaped; markup is not. */
export class Markup {
  constructor(readonly text: string) {}
}
type Content = string | number | Markup | readonly Content[] | undefined | false;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const isList = (content: Content): content is readonly Content[] => Array.isArray(content);

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (isList(content)) return content.map(render).join('');
  return printableLines(String(content)).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A template of HTML. Its values are escaped unless they are markup; undefined and false render as nothing. */
export const html = (strings: TemplateStringsArray, ...contents: Content[]): Markup =>
  new Markup(strings.reduce((text, string, i) => text + render(contents[i - 1]) + string));

/** One labelled figure of a list of figures. */
export const figure = (label: string, value: string, note?: string): Markup =>
  html`<div class="figure">
    <dt>${label}</dt>
    <dd>${value}</dd>
    ${note && html`<dd class="note">${note}</dd>`}
  </div>`;

/** A table, or the sentence `empty` if it has no rows. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], empty: string): Markup {
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  return html`<table>
    <thead>
      <tr>
        ${headings.map((heading) => html`<th>${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
