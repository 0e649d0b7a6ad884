const HOUR_MS = 3_600_000;
/** Offsets of all time zones change at multiples of this. */
const STEP_MS = 900_000;

export type Zone = {
  /** ms ahead of UTC at a moment */
  readonly offsetAt: (ms: number) => number;
  /**
   * The moments at which clocks of the zone show a time, in order: none in the hour that the start of summer time skips,
   * two in the hour that its end repeats.
   * @param wallMs the time on the clock as if it were UTC
   */
  readonly momentsOf: (wallMs: number) => readonly number[];
};

/** A time zone of the IANA database, such as "Europe/Berlin"; undefined: there is none of that name. */
export function zoneOf(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    const whole = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', calendar: 'gregory', ...whole });
  } catch {
    return undefined;
  }
  const offsets = new Map<number, number>(); // by step: formatting is slow

  function offsetAt(ms: number): number {
    const step = Math.floor(ms / STEP_MS) * STEP_MS;
    let offset = offsets.get(step);
    if (offset === undefined) {
      const part = Object.fromEntries(format.formatToParts(step).map(({ type, value }) => [type, Number(value)]));
      const wall = Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute']);
      offsets.set(step, (offset = wall - step));
    }
    return offset;
  }

  return {
    offsetAt,
    momentsOf(wallMs) {
      // no zone changes its offset twice within two days
      const around = [offsetAt(wallMs - 24 * HOUR_MS), offsetAt(wallMs + 24 * HOUR_MS)];
      const moments = [...new Set(around.map((offset) => wallMs - offset))].sort((a, b) => a - b);
      return moments.filter((ms) => ms + offsetAt(ms) === wallMs);
    },
  };
}
