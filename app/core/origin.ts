/** Where numbers come from: a card in this machine, a simulation, or a recording. Each has its own history and ledgers. */
export type Origin = 'measured' | 'simulated' | 'replayed';
