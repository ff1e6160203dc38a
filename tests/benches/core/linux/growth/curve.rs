//! A figure by the size of something, as rows and as a picture.

use std::env;
use std::path::Path;

use plotters::prelude::*;

use crate::linux::table::Table;

const SIZE: (u32, u32) = (360, 240);

/// What a figure was at each size.
pub(super) struct Curve {
    /// What there is more and more of.
    of: &'static str,
    name: &'static str,
    unit: &'static str,
    points: Vec<(usize, f64)>,
}

impl Curve {
    pub(super) fn new(of: &'static str, name: &'static str, unit: &'static str) -> Self {
        Self { of, name, unit, points: Vec::new() }
    }

    pub(super) fn push(&mut self, count: usize, value: f64) {
        eprintln!("{count} {}: {}, {value:.2} {}", self.of, self.name, self.unit);
        self.points.push((count, value));
    }

    /// Adds a row, and makes a picture in the folder that `ICPY_BENCH_PICTURES` names.
    pub(super) fn tell(self, table: &mut Table) {
        let shown = |(count, value): &(usize, f64)| format!("{count}: {value:.3} {}", self.unit);
        let all: Vec<String> = self.points.iter().map(shown).collect();
        table.figure(&format!("{}: {}", self.of, self.name), "", all.join(", "), "<= n log n");
        if let Some(folder) = env::var_os("ICPY_BENCH_PICTURES") {
            let name = format!("{} {}", self.of, self.name).replace([' ', ','], "-").replace("--", "-");
            self.draw(&Path::new(&folder).join(name + ".svg")).unwrap();
        }
    }

    /// Draws it with both axes logarithmic: what grows as the size does is as steep as the grey line.
    fn draw(&self, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
        // What is nothing has no place on such an axis: it stands at the foot.
        let some = self.points.iter().map(|(_, value)| *value).filter(|it| *it > 0.0);
        let least = some.reduce(f64::min).unwrap_or(1.0);
        let nothing = if self.points.iter().all(|(_, value)| *value == 0.0) { ", none" } else { "" };
        let points: Vec<(f64, f64)> =
            self.points.iter().map(|(count, value)| (*count as f64, value.max(least / 10.0))).collect();
        let most = points.iter().map(|(_, value)| *value).fold(least, f64::max);
        let (first, last) = (points[0].0, points[points.len() - 1].0);
        let picture = SVGBackend::new(file, SIZE).into_drawing_area();
        picture.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&picture)
            .caption(format!("{} ({}{nothing})", self.name, self.unit), ("sans-serif", 14))
            .margin(8)
            .margin_right(24)
            .x_label_area_size(34)
            .y_label_area_size(48)
            .build_cartesian_2d((first..last).log_scale(), (least / 10.0..most * 10.0).log_scale())?;
        let shown = |value: &f64| value.to_string();
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(self.of).x_labels(5).y_labels(5).x_label_formatter(&shown).y_label_formatter(&shown);
        mesh.light_line_style(WHITE).draw()?;
        let as_steep = [(first, points[0].1), (last, points[0].1 * last / first)];
        chart.draw_series(LineSeries::new(as_steep, BLACK.mix(0.2)))?;
        chart.draw_series(LineSeries::new(points.clone(), BLUE.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, BLUE.filled())))?;
        picture.present()?;
        Ok(())
    }
}
