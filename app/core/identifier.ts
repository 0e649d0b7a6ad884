/**
 * The texts that may name a GPU in a command that changes something: UUIDs, MIG UUIDs, indices and PCI addresses. Nothing
 * matches that a shell, a line protocol or a file system would read as more than one word.
 */
export const identifier = /^[A-Za-z0-9.:/-]{1,80}$/;

export const isIdentifier = (text: string): boolean => identifier.test(text);
