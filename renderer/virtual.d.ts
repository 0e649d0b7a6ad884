/** Made by scripts/build/page-words.mjs. */
declare module 'virtual:more-words' {
  /** Loads the words that Live does not need. Whatever is drawn after it finds them. */
  export const moreWords: () => Promise<void>;
}
