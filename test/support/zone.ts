import { onTestFinished } from 'vitest';

/** Local time is that of a zone until the test ends. A thread cannot change its zone: there, only the zone of the process has an effect. */
export function inZone(zone: string): void {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  onTestFinished(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
}
