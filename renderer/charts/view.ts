/** The stretch of time that a page shows. */
export type View = { readonly fromMs: number; readonly toMs: number };

/** One second: a sample fills the chart. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 20 * 365 * 86_400_000;

/** A view that is longer or shorter by a factor, around a share (0–1) of it. Never shorter than a second. */
export function zoomed({ fromMs, toMs }: View, factor: number, share = 0.5): View {
  const span = toMs - fromMs;
  const next = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, span * factor));
  const at = fromMs + span * share;
  return { fromMs: at - next * share, toMs: at + next * (1 - share) };
}
