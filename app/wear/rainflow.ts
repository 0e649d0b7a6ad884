/**
 * Rainflow counting of temperature swings as samples arrive: ASTM E1049-85 §5.4.4, with the residue as half cycles.
 * The state is plain data and is kept across restarts.
 */

/** A turning point: its value and its position (an index or a time, which is only passed through). */
export type TurningPoint = readonly [value: number, at: number];

export type Cycle = {
  readonly range: number;
  readonly mean: number;
  /** 1 for a closed cycle, 0.5 for a half */
  readonly count: 1 | 0.5;
  readonly startAt: number;
  readonly endAt: number;
};

export type RainflowState = {
  /** turning points not yet counted */
  stack: TurningPoint[];
  /** the newest sample, a turning point if the direction changes after it */
  last?: [value: number, at: number] | undefined;
  direction: -1 | 0 | 1;
};

export const createRainflow = (): RainflowState => ({ stack: [], direction: 0 });

const cycle = ([a, startAt]: TurningPoint, [b, endAt]: TurningPoint, count: 1 | 0.5): Cycle => ({
  range: Math.abs(a - b),
  mean: (a + b) / 2,
  count,
  startAt,
  endAt,
});

/** Removes the counted cycles from the stack, in the order of the standard. */
function count(stack: TurningPoint[], onCycle: (cycle: Cycle) => void): void {
  while (stack.length >= 3) {
    const [a, b, c] = stack.slice(-3) as [TurningPoint, TurningPoint, TurningPoint];
    const newest = Math.abs(c[0] - b[0]);
    const before = Math.abs(b[0] - a[0]);
    if (newest < before) return;
    if (stack.length === 3) {
      onCycle(cycle(a, b, 0.5)); // it contains the start of the history
      stack.shift();
    } else {
      onCycle(cycle(a, b, 1));
      stack.splice(-3, 2);
    }
  }
}

/** Feeds one sample. `onCycle` receives each cycle as soon as it is certain. */
export function feedRainflow(state: RainflowState, value: number, at: number, onCycle: (cycle: Cycle) => void): void {
  const { last } = state;
  if (last === undefined) {
    state.stack.push([value, at]);
    state.last = [value, at];
    return;
  }
  // nearly every sample repeats the value or continues in the same direction: it allocates nothing
  if (value !== last[0]) {
    const direction = value > last[0] ? 1 : -1;
    if (state.direction !== 0 && direction !== state.direction) {
      state.stack.push([last[0], last[1]]);
      count(state.stack, onCycle);
    }
    state.direction = direction;
    last[0] = value;
  }
  last[1] = at;
}

/** The open swings, counted as if the history ended now: half cycles by the standard. The state does not change. */
export function residue(state: RainflowState): Cycle[] {
  const cycles: Cycle[] = [];
  const stack = state.stack.slice();
  if (state.last && state.direction !== 0) {
    stack.push(state.last);
    count(stack, (counted) => cycles.push(counted));
  }
  for (let i = 1; i < stack.length; i++) cycles.push(cycle(stack[i - 1]!, stack[i]!, 0.5));
  return cycles;
}

/** Counts a whole series at once; positions are indices. */
export function rainflow(series: readonly number[]): Cycle[] {
  const state = createRainflow();
  const cycles: Cycle[] = [];
  series.forEach((value, index) => feedRainflow(state, value, index, (counted) => cycles.push(counted)));
  return [...cycles, ...residue(state)];
}

/** Result of a method that leaves the residue uncounted. */
export type FourPointCount = {
  /** [from, to] of each closed cycle, in the order they close */
  readonly closed: readonly (readonly [number, number])[];
  readonly residue: readonly number[];
};

/**
 * The four-point method on a list of turning points: an inner pair that lies within both its neighbours is a closed
 * cycle. Every closed cycle of E1049 is one of these; the two treat the residue differently. It is an independent check of
 * the streaming count.
 */
export function fourPoint(turningPoints: readonly number[]): FourPointCount {
  const closed: (readonly [number, number])[] = [];
  const open: number[] = [];
  for (const point of turningPoints) {
    open.push(point);
    while (open.length >= 4) {
      const [a, b, c, d] = open.slice(-4) as [number, number, number, number];
      const inner = Math.abs(c - b);
      if (inner > Math.abs(b - a) || inner > Math.abs(d - c)) break;
      closed.push([b, c]);
      open.splice(-3, 2);
    }
  }
  return { closed, residue: open };
}
