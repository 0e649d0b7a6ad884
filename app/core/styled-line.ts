/** A line, or a line in one style. Styles are dropped where colour is not wanted. */
export type Line = string | { readonly text: string; readonly style: 'red' | 'yellow' | 'bold' | 'faint' };
