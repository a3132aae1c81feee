//! Curves on two logarithmic axes, as SVG that reads on light and on dark ground.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Outcome;

const COLOURS: [&str; 3] = ["#0a7", "#c70", "#a3c"];
const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 30.0;

pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) curves: Vec<Curve>,
}

pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws the panels side by side; all have pending copies from left to right.
pub(crate) fn draw(file: &Path, panels: &[Panel]) -> Outcome<()> {
    let (width, height) = ((LEFT + WIDTH + RIGHT) * panels.len() as f64, TOP + HEIGHT + 50.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\" fill=\"#888\" stroke-width=\"1\">\n"
    );
    for (n, panel) in panels.iter().enumerate() {
        let _ =
            writeln!(svg, "<g transform=\"translate({},{TOP})\">", LEFT + (LEFT + WIDTH + RIGHT) * n as f64);
        panel.draw(&mut svg);
        svg += "</g>\n";
    }
    fs::write(file, svg + "</svg>\n")?;
    Ok(())
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let x = Axis::over(points().map(|point| point.0), WIDTH);
        let y = Axis::over(points().map(|point| point.1), HEIGHT);
        let down = |value: f64| HEIGHT - y.place(value);
        let _ = writeln!(
            svg,
            "<text x=\"0\" y=\"-12\" font-weight=\"bold\">{} (logarithmic scale)</text>",
            self.title
        );
        for power in x.low..=x.high {
            let (value, at) = (10f64.powi(power), x.place(10f64.powi(power)));
            let _ = writeln!(svg, "<path d=\"M{at:.1} 0V{HEIGHT}\" stroke=\"#8884\"/>");
            let _ = writeln!(
                svg,
                "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                HEIGHT + 16.0,
                grouped(value)
            );
        }
        for power in y.low..=y.high {
            let (value, at) = (10f64.powi(power), down(10f64.powi(power)));
            let _ = writeln!(svg, "<path d=\"M0 {at:.1}H{WIDTH}\" stroke=\"#8884\"/>");
            let _ = writeln!(
                svg,
                "<text x=\"-6\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                at + 4.0,
                grouped(value)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">pending copies (logarithmic scale)</text>",
            WIDTH / 2.0,
            HEIGHT + 34.0
        );
        for (curve, colour) in self.curves.iter().zip(COLOURS) {
            let line: Vec<String> =
                curve.points.iter().map(|(px, py)| format!("{:.1},{:.1}", x.place(*px), down(*py))).collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                line.join(" ")
            );
            if let Some((px, py)) = curve.points.get(curve.points.len() / 2) {
                let _ = writeln!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{colour}\">{}</text>",
                    x.place(*px),
                    down(*py) - 6.0,
                    curve.name
                );
            }
        }
    }
}

/// A power of ten, with a comma between thousands.
fn grouped(value: f64) -> String {
    if value < 1000.0 { value.to_string() } else { format!("{},000", value / 1000.0) }
}

/// From a power of ten below all values to one above.
struct Axis {
    low: i32,
    high: i32,
    length: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, length: f64) -> Self {
        let low = values.clone().fold(f64::MAX, f64::min).log10().floor() as i32;
        let high = values.fold(f64::MIN, f64::max).log10().ceil() as i32;
        Self { low, high: high.max(low + 1), length }
    }

    fn place(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low) * self.length
    }
}
