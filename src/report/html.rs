//! A document as one HTML page: the states over time, and what happened under it.
//!
//! Deliberately absent: scripts and external assets; it can be mailed and printed.

use super::drawing::Drawing;
use super::page::{Content, Page, PageSection, SIMULATED};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Readable from 400 px on and on paper; colours have 4.5 to 1 on white at least (WCAG 1.4.3). A fixed element is
/// printed on every page.
const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:1000px;margin:1.5rem auto;padding:0 1rem;color:#1b2733;background:#fff}
pre{background:#f3f5f7;padding:.8rem;white-space:pre-wrap;overflow-wrap:break-word}
table{border-collapse:collapse;width:100%}caption{text-align:left;color:#4a5661}
th,td{padding:.2rem .6rem;border-top:1px solid #dde3e8;vertical-align:top;text-align:left;overflow-wrap:break-word}
td.t{text-align:right;white-space:nowrap}td.what{overflow-wrap:anywhere}td.blank{height:2rem;border:1px solid #8a949e}
dl{display:grid;grid-template-columns:minmax(7rem,30%) minmax(0,1fr);gap:.2rem 1rem}dt{color:#4a5661}dd{margin:0;overflow-wrap:break-word}
.fault{color:#b3261e}.state{font-weight:600}.command,.answer{color:#174ea6}.page,.order{color:#8a5000}.ok{color:#146c2e}.bad{color:#b3261e}
.simulated{color:#b3261e;font-weight:700}
svg{max-width:100%;height:auto}svg text{font:12px ui-monospace,monospace}
@media(max-width:30rem){th,td{padding:.2rem .3rem}}
@media(min-width:50rem){.top{display:grid;grid-template-columns:380px minmax(0,1fr);gap:1.5rem;align-items:start}}
@media print{@page{margin:18mm 14mm}body{margin:0;max-width:none;font-size:10pt}h2{break-after:avoid}tr,svg,dl{break-inside:avoid}
thead{display:table-header-group}.simulated.banner{position:fixed;top:-12mm;left:0}}";

impl Page<'_> {
    /// As one HTML page without external assets.
    pub(super) fn html(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "drd: " (self.heading) }
                    style { (PreEscaped(STYLE)) }
                }
                body { main { (body(self)) } }
            }
        }
        .into_string()
    }
}

fn body(page: &Page<'_>) -> Markup {
    let class = if page.good { "ok" } else { "bad" };
    html! {
        @if page.simulated { p class="simulated banner" { (SIMULATED) } }
        h1 { (page.heading) " " span class=(class) { (page.verdict) } }
        p { (page.about) }
        div class="top" {
            div { (Drawing::of(page.timeline, page.drawn_seconds).svg()) }
            pre { (page.summary) }
        }
        @for section in &page.sections { (part(section)) }
        (timeline(page))
        p { (page.note) }
    }
}

fn part(section: &PageSection) -> Markup {
    html! {
        h2 { (section.heading) }
        @match &section.content {
            Content::Pairs(pairs) => dl { @for (name, value) in pairs { dt { (name) } dd { (value) } } },
            Content::Items(items) => ul { @for item in items { li { (item) } } },
            Content::Verbatim(text) => pre { (text) },
            Content::Blank(headings, rows) => table {
                thead { tr { @for heading in *headings { th scope="col" { (heading) } } } }
                tbody { @for _ in 0..*rows { tr { @for _ in *headings { td class="blank" {} } } } }
            },
        }
    }
}

fn timeline(page: &Page<'_>) -> Markup {
    let lines = page.timeline.iter().any(|line| line.line.is_some());
    html! {
        h2 { "What happened" }
        table {
            thead {
                @if page.simulated { tr { th scope="colgroup" colspan=(3 + usize::from(lines)) class="simulated" { "SIMULATED" } } }
                tr {
                    th scope="col" { "Seconds" }
                    th scope="col" { "Kind" }
                    th scope="col" { "What" }
                    @if lines { th scope="col" { "Line" } }
                }
            }
            tbody {
                @for line in page.timeline {
                    tr {
                        td class="t" { (format!("{:.1}", line.t)) }
                        td class=(line.kind) { (line.kind) }
                        td class="what" { (line.text) }
                        @if lines { td class="t" { @if let Some(number) = line.line { (number) } } }
                    }
                }
            }
        }
    }
}
