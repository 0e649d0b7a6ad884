const SHORTEST = 4;

/** A text without the values of secrets: a receiver, or a library, may repeat what it was given. */
export const masked = (sentence: string, secrets: readonly string[]): string =>
  secrets
    .filter(({ length }) => length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '•••'), sentence);
