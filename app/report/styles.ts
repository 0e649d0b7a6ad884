/** Style sheet of the HTML report: readable on screen and on paper, no outside fonts. */
export const reportStyles = `
:root { color-scheme: light; --ink: #1c1f24; --quiet: #646b76; --line: #dde0e5; --accent: #b4440e; }
* { box-sizing: border-box; }
body { max-width: 46rem; margin: 2.5rem auto; padding: 0 1.5rem; background: #fff; color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2rem 0 .75rem; font-size: 1.05rem; }
p { margin: .25rem 0; }
.brand { color: var(--accent); font-weight: 600; }
.banner { margin-top: 1rem; padding: .6rem .9rem; border: 2px solid var(--accent); font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1rem 1.5rem; margin: 0; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0; font-size: 1.2rem; }
dd.note { color: var(--quiet); font-size: .85rem; }
figure { margin: 1.5rem 0 0; }
figcaption { font-weight: 600; }
small { color: var(--quiet); font-weight: 400; }
svg { display: block; width: 100%; }
.grid { stroke: var(--line); }
.axis { fill: var(--quiet); font-size: 11px; }
.end { text-anchor: end; }
.line { fill: none; stroke: var(--ink); stroke-width: 1.3; }
.band { fill: var(--ink); opacity: .14; }
.modelled { margin-top: 2rem; padding: 0 1.25rem 1.25rem; border: 1.5px dashed var(--quiet); border-radius: 6px; }
.modelled h2 { margin-top: 1rem; }
.lead { margin-bottom: 1rem; }
.disclaimer { margin-top: 1rem; color: var(--quiet); font-size: .85rem; }
.quiet { color: var(--quiet); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th { color: var(--quiet); font-weight: 400; text-align: left; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .85rem; }
@media print { body { margin: 0 auto; } section, figure { break-inside: avoid; } }
`;
