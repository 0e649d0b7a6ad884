/** A text fed piece by piece to a splitter, and what is left of it at the end. */
export type Splitter = {
  readonly feed: (text: string) => void;
  /** the document without the elements of its list: small, however long the list is */
  readonly outline: () => string;
};

/**
 * Splits a JSON document as it is read: passes on each object of the list `name` of the outermost object, as text, so that
 * a file of any size needs no more memory than its largest element. It does not check the JSON: its parts are parsed.
 */
export function splitList(name: string, onElement: (json: string) => void): Splitter {
  let depth = 0;
  let [inString, escaped, inList, inElement] = [false, false, false, false];
  let [string, element, outline] = ['', '', ''];

  function take(character: string): void {
    if (inElement) element += character;
    else if (!inList || character.trim() !== '') outline += character;
  }

  function readString(character: string): void {
    take(character);
    if (character === '"' && !escaped) inString = false;
    else if (depth === 1) string += character;
    escaped = character === '\\' && !escaped;
  }

  function open(character: string): void {
    depth++;
    if (inList && depth === 3 && character === '{') inElement = true;
    take(character);
    if (depth === 2 && character === '[' && string === name) inList = true;
  }

  function close(character: string): void {
    depth--;
    if (inList && depth === 1) inList = false;
    take(character);
    if (!inElement || depth !== 2) return;
    onElement(element);
    [inElement, element] = [false, ''];
  }

  function read(character: string): void {
    if (inString) readString(character);
    else if (character === '"') {
      take(character);
      [inString, string] = [true, ''];
    } else if (character === '{' || character === '[') open(character);
    else if (character === '}' || character === ']') close(character);
    else if (!(inList && depth === 2 && character === ',')) take(character);
  }

  return {
    feed: (text) => {
      for (const character of text) read(character);
    },
    outline: () => outline + element,
  };
}
