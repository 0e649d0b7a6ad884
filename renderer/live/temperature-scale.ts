/**
 * One colour scale for temperature: from blue over grey to amber, with lightness rising all the way, so that it reads the
 * same without colour vision. No red in it: red means that something must be done. Anchors in OKLCH, for the light and
 * the dark ground.
 */
const dark = [
  [0.58, 0.11, 262],
  [0.7, 0.035, 120],
  [0.84, 0.15, 78],
] as const;
const light = [
  [0.42, 0.12, 262],
  [0.55, 0.04, 110],
  [0.7, 0.15, 68],
] as const;

type Anchors = typeof dark | typeof light;

function colour(anchors: Anchors, share: number): string {
  const position = Math.min(0.999, Math.max(0, share)) * (anchors.length - 1);
  const i = Math.floor(position);
  const [a, b] = [anchors[i]!, anchors[i + 1]!];
  const f = position - i;
  const hue = a[2] + (((b[2] - a[2] + 540) % 360) - 180) * f; // the short way round
  return `oklch(${(a[0] + (b[0] - a[0]) * f).toFixed(3)} ${(a[1] + (b[1] - a[1]) * f).toFixed(3)} ${hue.toFixed(1)})`;
}

/** @param share 0: room temperature, 1: the card's slowdown limit */
export const temperatureColour = (share: number): string =>
  `light-dark(${colour(light, share)}, ${colour(dark, share)})`;
