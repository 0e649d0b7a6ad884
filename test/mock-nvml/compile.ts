import { compileLibrary } from '../support/compile-library.ts';

/** Compiles the stand-in driver. `without` names symbols that it shall not export, as an older driver would not. */
export const compileMock = (without: readonly string[] = []): string => compileLibrary(import.meta.dirname, without);
