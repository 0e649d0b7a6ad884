/** The few quantiles that confidence statements need. */

/** Standard normal distribution function, by Marsaglia's series (J. Stat. Softw. 11(4), 2004): exact to a few ulps. */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let sum = x;
  let term = x;
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && i < 500; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-(x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Finds where a rising function passes `target`. */
function solve(of: (x: number) => number, target: number, low: number, high: number): number {
  let [a, b] = [low, high];
  for (let i = 0; i < 200 && b - a > 1e-14 * Math.max(1, Math.abs(a)); i++) {
    const middle = (a + b) / 2;
    if (of(middle) < target) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}

/** The x below which a share p of the standard normal distribution lies. */
export const normalQuantile = (p: number): number => solve(normalCdf, p, -8, 8);

/** Student's t quantile from the normal one (Cornish–Fisher, three terms): good to 1 % from 4 degrees of freedom on. */
export function tQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  const z3 = z ** 3;
  return (
    z +
    (z3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z3 - 15 * z) / (384 * degrees ** 3)
  );
}

/** χ² quantile for an even number of degrees of freedom, where the distribution is a sum of Poisson terms. */
export function chiSquareQuantile(p: number, evenDegrees: number): number {
  const cdf = (x: number): number => {
    let term = Math.exp(-x / 2);
    let tail = term;
    for (let i = 1; i < evenDegrees / 2; i++) {
      term *= x / 2 / i;
      tail += term;
    }
    return 1 - tail;
  };
  return solve(cdf, p, 0, evenDegrees * 20 + 200);
}

/** Failure rate in 1e-9/h shown by a test with confidence: χ²(CL, 2f + 2) / (2·N·h·AF)·1e9. */
export const failureRateFit = (
  devices: number,
  hours: number,
  failures: number,
  confidence: number,
  af: number,
): number => (chiSquareQuantile(confidence, 2 * failures + 2) / (2 * devices * hours * af)) * 1e9;

/** Failures that a study needs to see a hazard ratio (Schoenfeld): (z_α + z_β)² / (p·(1 − p)·ln²HR). */
export const failuresNeeded = (hazardRatio: number, alphaTwoSided: number, power: number, split: number): number =>
  (normalQuantile(1 - alphaTwoSided / 2) + normalQuantile(power)) ** 2 /
  (split * (1 - split) * Math.log(hazardRatio) ** 2);
