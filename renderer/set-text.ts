/** Writes a text that changes with time, without React: what did not change is not touched. */
export function setText(element: Element | null | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}
