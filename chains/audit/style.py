"""How the page looks: on paper, on a screen by day and by night, wide and narrow."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf6; --card: #ffffff; --ink: #1d1c1a; --soft: #5b5852; --line: #e0dcd2; --well: #f4f1ea;
  --good: #17663b; --good-well: #e4f2e8; --bad: #a01f27; --bad-well: #fbe7e6;
  --unknown: #7a4c00; --unknown-well: #fbf0d6; --neutral: #55524c; --neutral-well: #eeebe3; --accent: #234a7c;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Georgia, "DejaVu Serif", serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1b1e24; --ink: #e9e6df; --soft: #a9a69e; --line: #333841; --well: #22262d;
    --good: #7fd3a0; --good-well: #16321f; --bad: #ff9d97; --bad-well: #411a1b;
    --unknown: #f0c269; --unknown-well: #3a2b0c; --neutral: #b7b3aa; --neutral-well: #2a2e36; --accent: #9dc1f2;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.55 var(--sans); background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 0 1.5rem 4rem; max-width: 68rem; }
h1, h2, h3, h4 { font-family: var(--serif); font-weight: 600; line-height: 1.2; text-wrap: balance; margin: 0; }
h1 { font-size: clamp(2rem, 1.4rem + 2.6vw, 3.1rem); letter-spacing: -0.015em; margin: .35rem 0 1.4rem; }
h2 { font-size: 1.55rem; margin: 3.5rem 0 1rem; padding-top: 1.1rem; border-top: 2px solid var(--ink); }
h3 { font: 600 1.02rem/1.4 var(--mono); overflow-wrap: anywhere; }
h4 { font-size: 1.08rem; margin: 1.9rem 0 .6rem; }
p, ul, ol, dl, table, pre { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
code, pre, .mono { font-family: var(--mono); font-size: .86em; overflow-wrap: anywhere; }
pre {
  background: var(--well); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem;
  white-space: pre-wrap; line-height: 1.5;
}
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1.5rem; top: .5rem; background: var(--card); padding: .4rem .8rem; }
.soft { color: var(--soft); }
.eyebrow { font-size: .78rem; letter-spacing: .14em; text-transform: uppercase; color: var(--soft); margin: 0; }
header { padding-top: 3.5rem; }
.facts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem 2rem; margin: 1.6rem 0 0;
}
details > .facts { margin: 0 0 1rem; }
.facts div { border-top: 1px solid var(--line); padding-top: .5rem; min-width: 0; }
.facts .wide { grid-column: 1 / -1; }
dt { font-size: .8rem; color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.bar { display: block; width: 100%; height: 14px; border-radius: 7px; overflow: hidden; background: var(--well); }
.bar rect.good { fill: var(--good); } .bar rect.bad { fill: var(--bad); }
.bar rect.unknown { fill: var(--unknown); } .bar rect.neutral { fill: var(--line); }
.tally { display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; list-style: none; padding: 0; margin: .9rem 0 0; }
.tally b { font-variant-numeric: tabular-nums; }
.badge {
  display: inline-block; font: 600 .8rem/1.3 var(--sans); white-space: nowrap; padding: .16rem .6rem .18rem .5rem;
  border-radius: 999px; border: 1px solid currentColor;
}
.good { color: var(--good); } .bad { color: var(--bad); } .unknown { color: var(--unknown); }
.neutral { color: var(--neutral); }
.badge.good { background: var(--good-well); } .badge.bad { background: var(--bad-well); }
.badge.unknown { background: var(--unknown-well); } .badge.neutral { background: var(--neutral-well); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .55rem .9rem .55rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: .8rem; }
td { overflow-wrap: anywhere; }
tbody th { color: inherit; font-size: inherit; font-weight: 400; }
.overview td:first-child { width: 11.5rem; }
.overview a { font-family: var(--mono); font-size: .86em; }
article {
  background: var(--card); border: 1px solid var(--line); border-left-width: 5px; border-radius: 8px;
  padding: 1.5rem 1.7rem 1rem; margin: 0 0 1.8rem; scroll-margin-top: 1rem;
}
article.good { border-left-color: var(--good); color: inherit; }
article.bad { border-left-color: var(--bad); color: inherit; }
article.unknown { border-left-color: var(--unknown); color: inherit; }
article.neutral { border-left-color: var(--neutral); color: inherit; }
article > header { padding: 0; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; }
article > header h3 { flex: 1 1 24rem; }
.why { padding: .8rem 1.1rem .8rem 2.1rem; border-radius: 6px; background: var(--well); margin: 1rem 0 0; }
.why li { overflow-wrap: anywhere; }
details { border-top: 1px solid var(--line); margin: 0; }
details:last-of-type { border-bottom: 1px solid var(--line); margin-bottom: 1rem; }
summary { cursor: pointer; padding: .6rem 0; font-weight: 600; font-size: .92rem; }
summary .soft { font-weight: 400; }
.way { margin: 1.4rem 0 .4rem; }
.way figcaption { font-size: .8rem; color: var(--soft); margin: 0 0 .5rem; }
.way ol { display: flex; list-style: none; margin: 0 0 1rem; padding: 0; }
.way .step { flex: 1 1 0; min-width: 0; display: flex; flex-direction: column; gap: .5rem; position: relative; }
.way .step + .step { margin-left: 1.7rem; }
.way .step + .step::before {
  content: "→"; content: "→" / ""; position: absolute; left: -1.7rem; width: 1.7rem; text-align: center; top: 2rem;
  color: var(--accent); font-size: 1.1rem; line-height: 1;
}
.way .stage { font-size: .8rem; font-weight: 600; color: var(--soft); }
.node {
  display: flex; flex-direction: column; gap: .1rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--well); color: var(--ink); padding: .5rem .65rem; font-size: .82rem; line-height: 1.4;
  overflow-wrap: anywhere; min-width: 0;
}
.node.good { border-color: var(--good); background: var(--good-well); color: var(--ink); }
.node.good .kind { color: var(--good); }
.node.gap { border-style: dashed; background: none; }
.node .kind { font-weight: 600; }
.node .nothing { color: var(--bad); }
.node ul { list-style: none; margin: .4rem 0 0; padding: 0 0 0 .6rem; border-left: 2px solid var(--line); }
.node li { display: flex; flex-wrap: wrap; gap: 0 .5rem; }
.ok li { margin: .25rem 0; }
footer {
  margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .86rem;
}
@media (max-width: 44rem) {
  body { padding: 0 1rem 3rem; }
  header { padding-top: 2rem; }
  article { padding: 1.1rem 1rem .6rem; }
  thead { position: absolute; left: -200vw; }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .6rem 0; }
  td, tbody th { display: block; border: 0; padding: .12rem 0; }
  .way ol { flex-direction: column; }
  .way .step + .step { margin: 1.7rem 0 0; }
  .way .step + .step::before { content: "↓"; content: "↓" / ""; left: 0; top: -1.5rem; }
  td[data-label]:not(:empty)::before { content: attr(data-label) ": "; color: var(--soft); font: .8rem var(--sans); }
  .overview td:first-child { width: auto; }
}
@media print {
  :root {
    --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --well: #f5f5f5; --accent: #000;
    --good: #0d5730; --bad: #8c1219; --unknown: #6b4200; --neutral: #444;
    --good-well: #fff; --bad-well: #fff; --unknown-well: #fff; --neutral-well: #fff;
  }
  @page {
    size: A4; margin: 18mm 16mm 20mm;
    @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; }
  }
  html { font-size: 9.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; }
  header { padding-top: 0; }
  h1 { font-size: 22pt; } h2 { margin-top: 2rem; }
  h2, h3, h4, summary, article > header { break-after: avoid; }
  tr, .badge, .facts div, li, .way ol { break-inside: avoid; }
  .way .step + .step { margin-left: 1rem; }
  .way .step + .step::before { left: -1rem; width: 1rem; }
  .node { font-size: 7.5pt; padding: .35rem .45rem; }
  article { border-width: 0 0 0 3px; border-radius: 0; padding: 0 0 0 1rem; }
  thead { display: table-header-group; }
  pre { font-size: 7.5pt; border-radius: 0; }
  .skip { display: none; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  summary { list-style: none; }
  a { text-decoration: none; }
}
"""
