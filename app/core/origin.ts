/** Where numbers come from: a card in this machine, a simulation, or a recording. Each has its own history and ledgers. */
export const origins = ['measured', 'simulated', 'replayed'] as const;
export type Origin = (typeof origins)[number];
