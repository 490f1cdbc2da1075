//! QR codes of payments: what stands in one, and how it is drawn. The wallet app that scans it knows the
//! payment by its reference and by its link, which is the payer's page.

use std::fmt::Write;

use fast_qr::{ECL, QRBuilder};
use qisma_domain::emv::Code;
use qisma_domain::ids::Mode;
use qisma_domain::payment::Payment;

use crate::gateway::Gateway;

/// Light modules around a code, without which readers do not find it (ISO/IEC 18004).
const MARGIN_MODULES: usize = 4;
/// Pixels of a module in a picture.
const MODULE_PIXELS: usize = 8;

/// What stands in the code of a payment. The account is real, so a code for test money names none: a
/// wallet app that knows it would pay with real money.
pub fn text_of(gateway: &Gateway, payment: &Payment, merchant_name: &str) -> String {
    let mut collector = gateway.config.qr.clone();
    collector.account = collector.account.filter(|_| payment.mode == Mode::Live);
    let code = Code {
        collector: &collector,
        payment: &payment.id,
        merchant: &payment.merchant.to_string(),
        merchant_name,
        amount: payment.amount,
        currency: payment.currency,
        link: &link_of(gateway, payment),
    };
    code.text().expect("the settings were read with the lengths that a code has room for")
}

/// The payer's page of a payment, from the settings alone: a Host header is the caller's own invention.
pub fn link_of(gateway: &Gateway, payment: &Payment) -> String {
    format!("{}pay/{}", gateway.link_base_url, payment.id)
}

/// A code as rows of modules, its margin included.
#[derive(Clone, Debug)]
pub struct Drawing {
    rows: Vec<Vec<bool>>,
}

impl Drawing {
    /// Draws a text, so that a seventh of the code may be unreadable.
    pub fn of(text: &str) -> Self {
        let code = QRBuilder::new(text)
            .ecl(ECL::M)
            .build()
            .expect("a code of payment has some 400 bytes, and 2,331 can be drawn");
        let side = code.size + 2 * MARGIN_MODULES;
        let inside = MARGIN_MODULES..MARGIN_MODULES + code.size;
        let is_dark = |row: usize, column: usize| {
            let is_inside = inside.contains(&row) && inside.contains(&column);
            is_inside && code[row - MARGIN_MODULES][column - MARGIN_MODULES].value()
        };
        let rows = (0..side).map(|row| (0..side).map(|column| is_dark(row, column)).collect());
        Self { rows: rows.collect() }
    }

    /// Modules of each side.
    pub fn side(&self) -> usize {
        self.rows.len()
    }

    /// The dark modules as the path of an SVG whose unit is a module.
    pub fn svg_path(&self) -> String {
        let mut path = String::new();
        for (y, row) in self.rows.iter().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run[0] {
                    let width = run.len();
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{x} {y}h{width}v1h-{width}z");
                }
                x += run.len();
            }
        }
        path
    }

    /// The picture of it as a PNG, black on white.
    pub fn png(&self) -> Vec<u8> {
        let side = self.side() * MODULE_PIXELS;
        let pixels = u32::try_from(side).expect("a code has at most 185 modules a side");
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, pixels, pixels);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().expect("memory takes every write");
        let mut bits = Vec::new();
        for row in &self.rows {
            // Eight pixels a module are one byte a module.
            let line: Vec<u8> = row.iter().map(|dark| if *dark { 0x00 } else { 0xFF }).collect();
            (0..MODULE_PIXELS).for_each(|_| bits.extend_from_slice(&line));
        }
        writer.write_image_data(&bits).expect("the lines are as long as the picture is wide");
        writer.finish().expect("memory takes every write");
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_draws_each_dark_module_once() {
        let drawing = Drawing::of("a code");
        let dark: usize = drawing.rows.iter().flatten().filter(|dark| **dark).count();
        let path = drawing.svg_path();
        let runs = path.split('h').skip(1).filter_map(|run| run.split_once("v1"));
        let drawn: usize = runs.map(|(width, _)| width.parse::<usize>().unwrap()).sum();
        assert_eq!(drawn, dark);
    }

    #[test]
    fn a_code_has_its_margin() {
        let drawing = Drawing::of("a code");
        assert_eq!(drawing.side(), 21 + 2 * MARGIN_MODULES);
        assert!(drawing.rows[..MARGIN_MODULES].iter().flatten().all(|dark| !dark));
        // The corner of the finder pattern.
        assert!(drawing.rows[MARGIN_MODULES][MARGIN_MODULES]);
    }
}
