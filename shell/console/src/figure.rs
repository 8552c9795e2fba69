//! Marks and figures, drawn as SVG without a style or script of their own: the sheet colours them by class.

use crate::{time::Clock, view::ActivityView, words::grouped};
use std::fmt::{self, Write as _};

/// A piece of SVG made here, of nothing that came from outside.
#[derive(Clone, Debug)]
pub struct Svg(String);

impl Svg {
    /// What another module drew.
    pub(crate) fn drawn(markup: String) -> Svg {
        Svg(markup)
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Svg {}

/// The mark of a state: each has a shape of its own, so that none depends on its colour. The word stands beside it.
#[must_use]
pub fn mark(state: &str) -> Svg {
    let inner = match state {
        // A ring with a tick.
        "well" | "heard" | "used" | "ok" => {
            "<circle cx=\"10\" cy=\"10\" r=\"8.2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.7\"/>\
             <path d=\"M6.2 10.4l2.6 2.6 5-5.6\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\"/>"
        }
        // A triangle with an exclamation mark.
        "at-risk" | "undeclared" | "mixed" | "medium" | "warning" => {
            "<path d=\"M10 2.2L18.6 17.4H1.4Z\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.7\" \
             stroke-linejoin=\"round\"/><path d=\"M10 7.6v4.6\" stroke=\"currentColor\" stroke-width=\"2\" \
             stroke-linecap=\"round\"/><circle cx=\"10\" cy=\"14.7\" r=\"1.15\" fill=\"currentColor\"/>"
        }
        // A full octagon with a cross.
        "down" | "silent" | "outside" | "critical" | "error" => {
            "<path d=\"M6.4 1.6h7.2l4.8 4.8v7.2l-4.8 4.8H6.4l-4.8-4.8V6.4Z\" fill=\"currentColor\"/>\
             <path d=\"M7 7l6 6M13 7l-6 6\" stroke=\"var(--sheet)\" stroke-width=\"2\" stroke-linecap=\"round\"/>"
        }
        // A diamond.
        "high" => {
            "<path d=\"M10 1.4l8.6 8.6-8.6 8.6L1.4 10Z\" fill=\"currentColor\"/><path d=\"M10 5.8v5\" \
             stroke=\"var(--sheet)\" stroke-width=\"2\" stroke-linecap=\"round\"/><circle cx=\"10\" cy=\"13.8\" \
             r=\"1.15\" fill=\"var(--sheet)\"/>"
        }
        // A full disc.
        "low" => "<circle cx=\"10\" cy=\"10\" r=\"5\" fill=\"currentColor\"/>",
        // A ring.
        "notice" | "observed" => {
            "<circle cx=\"10\" cy=\"10\" r=\"4.6\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"/>"
        }
        // A full disc with a bar across: no entry.
        "contained" => {
            "<circle cx=\"10\" cy=\"10\" r=\"8.6\" fill=\"currentColor\"/><path d=\"M5.4 10h9.2\" \
             stroke=\"var(--sheet)\" stroke-width=\"2.6\" stroke-linecap=\"round\"/>"
        }
        // A dash.
        "unused" => {
            "<path d=\"M5.5 10h9\" stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\"/>"
        }
        // A broken ring with a question mark.
        _ => {
            "<circle cx=\"10\" cy=\"10\" r=\"8.2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.7\" \
             stroke-dasharray=\"3.2 2.6\"/><path d=\"M7.7 8a2.3 2.3 0 1 1 3.3 2.1c-.7.4-1 .8-1 1.5\" fill=\"none\" \
             stroke=\"currentColor\" stroke-width=\"1.7\" stroke-linecap=\"round\"/><circle cx=\"10\" cy=\"14.3\" \
             r=\"1.05\" fill=\"currentColor\"/>"
        }
    };
    Svg(format!("<svg class=\"mark\" viewBox=\"0 0 20 20\" aria-hidden=\"true\">{inner}</svg>"))
}

/// The product's sign: a gate in a wall.
#[must_use]
pub fn sign() -> Svg {
    Svg("<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path fill=\"currentColor\" d=\"M2 4h4v3h3.4V4h5.2v3H18V4h4v17h-\
         6.4v-4.6a3.6 3.6 0 0 0-7.2 0V21H2Z\"/></svg>"
        .to_owned())
}

/// The city's pulse: a bar for what was said in each step, a dot above it where something was found.
#[must_use]
pub fn pulse(activity: &ActivityView, clock: &Clock, wide: bool) -> Svg {
    const TOP: f64 = 22.0;
    let (width, height) = if wide { (640.0, 118.0) } else { (440.0, 132.0) };
    let base = height - 20.0;
    let count = activity.buckets.len().max(1) as f64;
    let pitch = width / count;
    let most = activity.buckets.iter().map(|b| b.conversations + b.requests).max().unwrap_or(0).max(1) as f64;
    let mut bars = String::new();
    let mut dots = String::new();
    for (index, bucket) in activity.buckets.iter().enumerate() {
        let said = (bucket.conversations + bucket.requests) as f64;
        let x = index as f64 * pitch;
        if said > 0.0 {
            // A root, so that a quiet night is still seen beside a busy minute.
            let tall = ((said / most).sqrt() * (base - TOP)).max(1.5);
            let (wide, y) = ((pitch * 0.72).min(26.0), base - tall);
            // Writing to a string cannot fail.
            let _ = write!(
                bars,
                "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" rx=\"1.5\"/>",
                x + (pitch - wide) / 2.0
            );
        }
        if let Some(gravest) = bucket.gravest {
            let radius = if matches!(gravest, "critical" | "high") { 4.6 } else { 3.4 };
            let _ = write!(
                dots,
                "<circle class=\"dot is-{gravest}\" cx=\"{:.1}\" cy=\"9\" r=\"{radius}\"/>",
                x + pitch / 2.0
            );
        }
    }
    let mut axis = format!("<path class=\"axis\" d=\"M0 {base:.1}H{width}\"/>");
    let labels = if wide { 4 } else { 3 };
    for label in 0..=labels {
        let last = activity.buckets.len().saturating_sub(1);
        let index = last * label / labels;
        let Some(bucket) = activity.buckets.get(index) else { continue };
        let anchor = match label {
            0 => "start",
            label if label == labels => "end",
            _ => "middle",
        };
        let x = match label {
            0 => 0.0,
            label if label == labels => width,
            _ => index as f64 * pitch + pitch / 2.0,
        };
        let _ = write!(
            axis,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            height - 4.0,
            clock.hour(bucket.start)
        );
        if last == 0 {
            break;
        }
    }
    let said: u64 = activity.buckets.iter().map(|b| b.conversations + b.requests).sum();
    let found: u64 = activity.buckets.iter().map(|b| b.findings).sum();
    Svg(format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{} conversations and requests and {} \
         findings over the time shown\"><g class=\"bars\">{bars}</g>{axis}{dots}</svg>",
        grouped(said),
        grouped(found)
    ))
}

/// A small sample of a figure's shape, for its legend.
#[must_use]
pub fn sample(kind: &str) -> Svg {
    let inner = match kind {
        "bars" => {
            "<g class=\"bars\"><rect x=\"3\" y=\"1\" width=\"5\" height=\"10\" rx=\"1\"/></g>".to_owned()
        }
        grade => format!("<circle class=\"dot is-{grade}\" cx=\"6\" cy=\"6\" r=\"4.6\"/>"),
    };
    Svg(format!("<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\">{inner}</svg>"))
}

/// Which way a column is sorted.
#[must_use]
pub fn arrow(down: bool) -> Svg {
    let path = if down { "M2 4l4 5 4-5Z" } else { "M2 8l4-5 4 5Z" };
    Svg(format!(
        "<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"{path}\" fill=\"currentColor\"/></svg>"
    ))
}
