/** A text without the characters `end` at its end. A pattern for this takes time by the square of their number. */
export function trimmedEnd(text: string, end: string): string {
  let length = text.length;
  while (length > 0 && text[length - 1] === end) length--;
  return text.slice(0, length);
}
