/**
 * What may name a GPU where something is changed: UUIDs, MIG UUIDs and PCI addresses fit, and nothing that a shell, a line
 * of a protocol or a file name could read as more than one word.
 */
export const identifier = /^[A-Za-z0-9.:/-]{1,80}$/;

export const isIdentifier = (text: string): boolean => identifier.test(text);
