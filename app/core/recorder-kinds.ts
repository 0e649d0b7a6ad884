/** What records: the window, `slowburn monitor`, a command that is measured (run, sweep, meter), or the service. */
export const recorderKinds = ['window', 'monitor', 'command', 'service'] as const;
export type RecorderKind = (typeof recorderKinds)[number];
