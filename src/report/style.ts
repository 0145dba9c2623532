/** The look of the report: one accent colour, the reader's own font, light or dark as the reader has it. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbf9; --raised: #ffffff; --line: #dfe2e1; --text: #1c2325; --quiet: #566166;
  --accent: #0a6a68; --soft: #9cc9c5; --grid: #e7e9e8; --field: #f1f3f2; --bad: #a3231f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181a; --raised: #1b2023; --line: #31383b; --text: #e7ebea; --quiet: #a3aeb1;
    --accent: #63cdc3; --soft: #2f6d69; --grid: #272d30; --field: #22282b; --bad: #ff9b8f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
body {
  margin: 0 auto; max-width: 62rem; padding: 3.5rem clamp(1rem, 5vw, 3rem);
  background: var(--page); color: var(--text);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; font-variant-numeric: tabular-nums;
}
h1, h2, h3, h4, p, dl, dd, ol, ul { margin: 0; padding: 0; }
h1 { font-size: clamp(2rem, 7vw, 3rem); line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; }
h2 { font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; margin-bottom: 1.25rem; }
h3 { font-size: 1.0625rem; font-weight: 650; margin: 2rem 0 0.5rem; }
h4 { font-size: 0.875rem; font-weight: 600; color: var(--quiet); margin: 1.25rem 0 0.375rem; }
p + p, p + .copyable, .copyable + p { margin-top: 0.5rem; }
code { font: 0.875em/1.6 ui-monospace, "Liberation Mono", Menlo, monospace; }
.stamp { color: var(--accent); font-weight: 600; }
.verdict { font-size: 1.1875rem; color: var(--quiet); margin-top: 0.5rem; }
.note { color: var(--quiet); font-size: 0.875rem; font-weight: 400; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
header dl { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin-top: 2rem; }
dt { color: var(--quiet); font-size: 0.875rem; }
dd { font-size: 1.1875rem; font-weight: 600; }
nav { margin-top: 2rem; padding: 0.75rem 0; border-block: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.75rem; list-style: none; }
a { color: var(--accent); font-weight: 600; text-underline-offset: 0.25em; }
nav a { text-decoration: none; display: inline-block; padding: 0.25rem 0; }
nav a:hover { text-decoration: underline; }
section { margin-top: 4rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.625rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 400; color: var(--quiet); width: 11rem; padding-right: 1.5rem; }
td > .note { display: block; }
details { margin-top: 1.5rem; }
summary { cursor: pointer; color: var(--accent); font-weight: 600; padding: 0.25rem 0; width: fit-content; }
.rows { list-style: none; }
.rows > li, .axis {
  display: grid; grid-template-columns: minmax(0, 18rem) minmax(0, 1fr) 9.5rem; column-gap: 1.5rem;
}
.rows > li { align-items: center; min-height: 2.25rem; border-bottom: 1px solid var(--grid); }
.name { padding: 0.375rem 0; line-height: 1.4; }
.name .line { display: block; line-height: 1.4; }
.figure { text-align: right; padding: 0.375rem 0; }
.whole { white-space: nowrap; }
.track { display: block; width: 100%; height: 1.5rem; }
.axis svg { grid-column: 2; width: 100%; height: 1.5rem; overflow: visible; }
.axis text { fill: var(--quiet); font-size: 0.75rem; }
line { stroke: var(--grid); }
rect { rx: 2px; }
.work { fill: var(--accent); }
.checkpoint, .disk { fill: var(--soft); }
article {
  margin-top: 1.5rem; padding: 1.5rem; background: var(--raised); border: 1px solid var(--line); border-radius: 0.75rem;
}
article h3 { margin: 0; font-size: 1.1875rem; }
.checks { padding-left: 1.25rem; }
.failed { color: var(--bad); font-weight: 600; }
.screen { display: block; width: 100%; height: auto; margin-top: 0.5rem; border: 1px solid var(--line); border-radius: 0.5rem; }
.copyable {
  display: flex; align-items: flex-start; gap: 0.75rem; padding: 0.5rem 0.5rem 0.5rem 0.875rem;
  background: var(--field); border-radius: 0.5rem;
}
.copyable + .copyable { margin-top: 0.5rem; }
.copyable code { flex: 1; min-width: 0; padding: 0.1875rem 0; }
.copy {
  font: inherit; font-size: 0.875rem; font-weight: 600; color: var(--accent); background: var(--raised); min-width: 5.25rem;
  border: 1px solid var(--line); border-radius: 0.375rem; padding: 0.1875rem 0.75rem; cursor: pointer;
}
.copy:hover { border-color: var(--accent); }
@media (scripting: none) { .copy { display: none; } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 0.25rem; }
footer { margin-top: 5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.875rem; }
@media (max-width: 44rem) {
  body { padding-block: 2rem; }
  th, td { display: block; width: auto; padding: 0; border: 0; }
  tr { display: block; padding: 0.625rem 0; border-bottom: 1px solid var(--line); }
  th { font-size: 0.875rem; }
  .rows > li { grid-template-columns: minmax(0, 1fr) fit-content(60%); column-gap: 1rem; padding: 0.375rem 0; }
  .track { grid-row: 2; grid-column: 1 / -1; }
  .copyable { flex-direction: column; padding: 0.625rem 0.75rem; gap: 0.5rem; }
  .copy { align-self: flex-end; }
  .figure .note { display: block; line-height: 1.2; }
  .axis { display: block; }
  article { padding: 1rem; }
}
@media (forced-colors: active) {
  .work { fill: CanvasText; }
  .checkpoint, .disk { fill: GrayText; }
}
@media print {
  :root {
    --page: #ffffff; --raised: #ffffff; --line: #cccccc; --text: #000000; --quiet: #444444;
    --accent: #0a6a68; --soft: #9cc9c5; --grid: #dddddd; --field: #f4f4f4; --bad: #a3231f;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .copy { display: none; }
  section { margin-top: 2rem; }
  h2, h3, h4 { break-after: avoid; }
  article, li, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
