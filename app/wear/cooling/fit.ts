import type { OperatingPoint } from './operating-points.ts';
import { fanBandOf } from './windows.ts';

/** Forced convection falls with speed to this power (0.5–0.8 in heat transfer texts; within a fan's range it matters little). */
const CONVECTION = 0.8;
const speedTerm = (fanPct: number): number => (Math.max(10, fanPct) / 100) ** -CONVECTION;

/** Solves the normal equations of a linear fit with a tiny ridge; undefined when they are singular. */
function leastSquares(rows: readonly (readonly number[])[], ys: readonly number[]): number[] | undefined {
  const m = rows[0]!.length;
  const normal = Array.from({ length: m }, (_, a) =>
    Array.from({ length: m }, (__, b) => rows.reduce((sum, row) => sum + row[a]! * row[b]!, a === b ? 1e-9 : 0)),
  );
  const right = Array.from({ length: m }, (_, a) => rows.reduce((sum, row, i) => sum + row[a]! * ys[i]!, 0));
  return invert(normal)?.map((row) => dot(row, right));
}

/** A fan curve needs at least this many points. */
const FAN_POINTS = 10;

/**
 * The speed term that power and room temperature alone predict, for each point. Fan speed is endogenous: it reacts to the
 * temperature it influences. Warm air raises both, which would look like a fan that cools badly and hide a rise of R. The
 * prediction from load and idle temperature is free of that (two-stage least squares). Baseline, recent period and fan
 * setting are predicted separately.
 */
function explainedSpeed(groups: readonly (readonly OperatingPoint[])[]): Map<OperatingPoint, number> {
  const explained = new Map<OperatingPoint, number>();
  for (const group of groups) {
    const settings = new Map<number, OperatingPoint[]>();
    for (const point of group) {
      const band = fanBandOf(point.idleFanPct);
      settings.set(band, [...(settings.get(band) ?? []), point]);
    }
    for (const points of settings.values()) {
      const rows = points.map(({ loadW, idleC }) => [1, loadW / 100, (loadW / 100) ** 2, idleC / 10]);
      const fitted =
        points.length < FAN_POINTS
          ? undefined
          : leastSquares(
              rows,
              points.map(({ loadFanPct }) => speedTerm(loadFanPct)),
            );
      points.forEach((point, i) => explained.set(point, fitted ? dot(rows[i]!, fitted) : speedTerm(point.loadFanPct)));
    }
  }
  return explained;
}

/** The terms of a point's rise, for a card whose resistance is α + β·speed^−0.8. */
type Features = (point: OperatingPoint, speed?: number) => number[];

/**
 * rise = ρ·[α·(P − P_idle) + β·s·P − c]: α is conduction, β convection at the fan's speed term s, and c how much warmer
 * than the air the idle card is by convection. c is one constant per idle fan band, because the law does not hold for a
 * fan at rest. A card without a fan reading has only α.
 */
function featuresFor(points: readonly OperatingPoint[]): Features {
  const loadBands = new Set(points.map(({ loadFanPct }) => fanBandOf(loadFanPct)));
  const varied = loadBands.size > 1 && !loadBands.has(-1);
  const idleBands = [...new Set(points.map(({ idleFanPct }) => fanBandOf(idleFanPct)))];
  const offsets = idleBands.length > 1 || varied ? idleBands : [];
  return ({ loadW, idleW, loadFanPct, idleFanPct }, speed = speedTerm(loadFanPct)) => [
    loadW - idleW,
    ...(varied ? [speed * loadW] : []),
    ...offsets.map((band) => (band === fanBandOf(idleFanPct) ? -idleW : 0)),
  ];
}

/** Solves a small symmetric system; undefined when it is singular. */
function invert(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    if (!(Math.abs(rows[pivot]![column]!) > 1e-300)) return undefined;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const top = rows[column]!;
    const by = top[column]!;
    for (let j = 0; j < 2 * n; j++) top[j]! /= by;
    for (let row = 0; row < n; row++) {
      const factor = rows[row]![column]!;
      if (row === column || factor === 0) continue;
      for (let j = 0; j < 2 * n; j++) rows[row]![j]! -= factor * top[j]!;
    }
  }
  return rows.map((row) => row.slice(n));
}

export type CoolingFit = {
  /** the rise in the baseline, K */
  readonly expectedK: (point: OperatingPoint) => number;
  /** logarithm of the recent resistance relative to the baseline, and its standard error */
  readonly logRatio: number;
  readonly standardError: number;
  /** number of days with evidence, recent or baseline, whichever is smaller */
  readonly days: number;
};

const dot = (a: readonly number[], b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** Huber's weight: full within 1.5 scales of the fit, falling outside, so that one odd day does not bend it. */
const huber = (residual: number, scale: number): number => {
  const far = Math.abs(residual) / (1.5 * scale);
  return far <= 1 ? 1 : 1 / far;
};

/** The sensor reads whole degrees, so residuals are assumed to be at least this large. */
const FLOOR_K = 0.25;

/**
 * Fits the card's resistance to baseline and recent points together, the recent ones times a common ratio: a hotter card
 * runs its fan faster, so the two may share no fan band. Robust (Huber). Standard errors are clustered by day, because the
 * points of a day share its air and are not independent evidence.
 */
export function fitCooling(base: readonly OperatingPoint[], recent: readonly OperatingPoint[]): CoolingFit | undefined {
  const points = [...base, ...recent];
  if (points.length === 0) return undefined;
  const features = featuresFor(points);
  const speeds = explainedSpeed([base, recent]);
  const rows = points.map((point) => features(point, speeds.get(point)));
  const m = rows[0]?.length ?? 0;
  // features are scaled to the same size, so that the tiny ridge below affects all equally
  const sizes = Array.from(
    { length: m },
    (_, k) =>
      Math.sqrt(
        dot(
          rows.map((row) => row[k]!),
          rows.map((row) => row[k]!),
        ),
      ) || 1,
  );
  const scaled = rows.map((row) => row.map((value, k) => value / sizes[k]!));

  let theta = scaled[0]?.map((_, k) => (k === 0 ? sizes[0]! * 0.1 : 0)) ?? [];
  let ratio = 1;
  let weights = points.map(() => 1);
  let inverse: number[][] | undefined;
  // one row at a time, in place, because there are many points and a dozen rounds
  const j = new Float64Array(m + 1);
  /** fills `j` with the derivatives of a point's rise and returns the fitted rise */
  const derive = (i: number): number => {
    const row = scaled[i]!;
    const recently = i >= base.length;
    let rise = 0;
    for (let k = 0; k < m; k++) {
      rise += theta[k]! * row[k]!;
      j[k] = recently ? ratio * row[k]! : row[k]!;
    }
    j[m] = recently ? rise : 0;
    return recently ? ratio * rise : rise;
  };

  for (let round = 0; round < 25; round++) {
    const normal = Array.from({ length: m + 1 }, () => new Array<number>(m + 1).fill(0));
    const right = new Array<number>(m + 1).fill(0);
    for (let i = 0; i < points.length; i++) {
      const weight = weights[i]!;
      const r = points[i]!.riseK - derive(i);
      for (let a = 0; a <= m; a++) {
        const weighted = weight * j[a]!;
        right[a]! += weighted * r;
        const into = normal[a]!;
        for (let b = 0; b <= m; b++) into[b]! += weighted * j[b]!;
      }
    }
    for (let a = 0; a < m; a++) normal[a]![a]! += 1e-9;
    inverse = invert(normal);
    if (!inverse) return undefined;
    const step = inverse.map((row) => dot(row, right));
    theta = theta.map((value, k) => value + step[k]!);
    ratio = Math.max(0.2, Math.min(5, ratio + step[m]!));
    const residuals = points.map((point, i) => point.riseK - derive(i));
    const sorted = Float64Array.from(residuals, Math.abs).sort();
    const scale = Math.max(FLOOR_K, 1.48 * sorted[sorted.length >> 1]!);
    weights = residuals.map((residual) => huber(residual, scale));
    if (round > 4 && Math.abs(step[m]!) < 1e-6) break;
  }

  // the error of the second stage uses the readings themselves, not their predictions
  const errorOf = (i: number): number =>
    points[i]!.riseK -
    (i < base.length ? 1 : ratio) *
      features(points[i]!).reduce((sum, value, k) => sum + (value / sizes[k]!) * theta[k]!, 0);
  const scores = new Map<string, Float64Array>();
  points.forEach(({ day }, i) => {
    const key = `${i < base.length}/${day}`;
    let score = scores.get(key);
    if (!score) scores.set(key, (score = new Float64Array(m + 1)));
    const error = errorOf(i);
    derive(i);
    for (let k = 0; k <= m; k++) score[k]! += j[k]! * error;
  });
  // the ratio's own row of the sandwich is all that is needed
  const own = inverse![m]!;
  const clusters = scores.size;
  const spread = [...scores.values()].reduce((sum, score) => sum + dot(own, score) ** 2, 0);
  const variance = (spread * clusters) / Math.max(1, clusters - m - 1);
  const daysOf = (list: readonly OperatingPoint[]): number => new Set(list.map(({ day }) => day)).size;
  return {
    expectedK: (point) => {
      const row = features(point);
      return row.reduce((sum, value, k) => sum + (value / sizes[k]!) * (theta[k] ?? 0), 0);
    },
    logRatio: Math.log(ratio),
    standardError: Math.sqrt(variance) / ratio,
    days: Math.min(daysOf(base), daysOf(recent)),
  };
}
