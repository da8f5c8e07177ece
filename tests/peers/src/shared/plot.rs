//! The figures as bars, on a scale of powers of ten.

use std::fmt::Write as _;

use crate::{COLUMNS, Figures, micros};

const WIDTH: f64 = 860.0;
const LABELS: f64 = 250.0;
const BAR: f64 = 15.0;
const LEAST: f64 = 1.0;
const MOST: f64 = 10_000.0;

pub fn draw(path: &str, stored: u64, figures: &[(&str, &Figures)]) {
    let x = |value: f64| LABELS + (value.max(LEAST) / LEAST).log10() / (MOST / LEAST).log10() * (WIDTH - LABELS - 70.0);
    let mut y = 50.0;
    let mut bars = String::new();
    for (column, title) in COLUMNS.iter().enumerate() {
        let _ = writeln!(bars, r#"<text x="10" y="{:.0}" class="title">{title}</text>"#, y + 4.0);
        y += 14.0;
        for (name, all) in figures {
            let Some(time) = all[column] else { continue };
            let time = micros(time);
            let class = if name.starts_with("os-session") { "ours" } else { "peer" };
            let _ = writeln!(
                bars,
                r#"<text x="{:.0}" y="{:.0}" class="name">{name}</text><rect x="{LABELS:.0}" y="{:.0}" width="{:.1}" height="{:.0}" class="{class}"/><text x="{:.1}" y="{:.0}">{time:.0}</text>"#,
                LABELS - 8.0,
                y + 11.0,
                y,
                x(time) - LABELS,
                BAR - 3.0,
                x(time) + 5.0,
                y + 11.0,
            );
            y += BAR;
        }
        y += 22.0;
    }
    let mut scale = String::new();
    for power in 0..=4 {
        let value = 10_f64.powi(power);
        let _ = writeln!(
            scale,
            r#"<line x1="{0:.1}" x2="{0:.1}" y1="34" y2="{1:.0}" class="grid"/><text x="{0:.1}" y="30" class="scale">{value:.0}</text>"#,
            x(value),
            y - 20.0,
        );
    }
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {y:.0}" font-family="sans-serif" font-size="11">
<style>.name{{text-anchor:end}} .title{{font-weight:bold;font-size:13px}} .scale{{text-anchor:middle;fill:#666}} .grid{{stroke:#ddd}} .ours{{fill:#2a6fb0}} .peer{{fill:#b9b9b9}}</style>
<rect width="100%" height="100%" fill="white"/>
<text x="10" y="16">Microseconds a request, {stored} sessions stored; each step of the scale is ten times the one before</text>
{scale}{bars}</svg>
"#
    );
    std::fs::write(path, svg).expect("the plot can be written");
}
