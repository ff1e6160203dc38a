//! SGR: what the parameters of `ESC [ ... m` do to a style.

use super::parameters::Params;
use super::style::{Attributes, Color, Style};

/// Applies all parameters in order.
pub(super) fn apply(style: &mut Style, params: &Params) {
    let mut params = params.iter();
    while let Some(param) = params.next() {
        match *param {
            [0] => *style = Style { link: style.link, ..Style::default() },
            [4, kind] => style.attributes.set_underline(if kind > 5 { 1 } else { kind }),
            [code @ (38 | 48 | 58)] => set_color(style, code, color(&mut params.by_ref().map(|param| param[0]))),
            [code @ (38 | 48 | 58), ref parts @ ..] => set_color(style, code, color_of_parts(parts)),
            [code @ (30..=49 | 90..=107)] => apply_color(style, code),
            [59] => style.underline_color = Color::DEFAULT,
            [code] => apply_attribute(&mut style.attributes, code),
            _ => {}
        }
    }
}

fn apply_attribute(attributes: &mut Attributes, code: u16) {
    match code {
        1 => attributes.insert(Attributes::BOLD),
        2 => attributes.insert(Attributes::DIM),
        3 => attributes.insert(Attributes::ITALIC),
        4 => attributes.set_underline(1),
        5 => attributes.insert(Attributes::BLINK),
        6 => attributes.insert(Attributes::RAPID_BLINK),
        7 => attributes.insert(Attributes::INVERSE),
        8 => attributes.insert(Attributes::HIDDEN),
        9 => attributes.insert(Attributes::STRIKE),
        21 => attributes.set_underline(2),
        22 => attributes.remove(Attributes::BOLD | Attributes::DIM),
        23 => attributes.remove(Attributes::ITALIC),
        24 => attributes.set_underline(0),
        25 => attributes.remove(Attributes::BLINK | Attributes::RAPID_BLINK),
        27 => attributes.remove(Attributes::INVERSE),
        28 => attributes.remove(Attributes::HIDDEN),
        29 => attributes.remove(Attributes::STRIKE),
        53 => attributes.insert(Attributes::OVERLINE),
        55 => attributes.remove(Attributes::OVERLINE),
        _ => {}
    }
}

/// The colours that have a number of their own.
fn apply_color(style: &mut Style, code: u16) {
    let named = |base: u16| u8::try_from(code - base).map_or(Color::DEFAULT, Color::named);
    match code {
        30..=37 => style.foreground = named(30),
        39 => style.foreground = Color::DEFAULT,
        40..=47 => style.background = named(40),
        49 => style.background = Color::DEFAULT,
        90..=97 => style.foreground = named(90 - 8),
        100..=107 => style.background = named(100 - 8),
        _ => {}
    }
}

fn set_color(style: &mut Style, code: u16, color: Option<Color>) {
    let Some(color) = color else { return };
    match code {
        38 => style.foreground = color,
        48 => style.background = color,
        _ => style.underline_color = color,
    }
}

/// A colour in one parameter: `2:r:g:b`, `2:space:r:g:b` or `5:n`.
fn color_of_parts(parts: &[u16]) -> Option<Color> {
    match *parts {
        [2, _, ref rgb @ ..] if parts.len() > 4 => color(&mut std::iter::once(2).chain(rgb.iter().copied())),
        _ => color(&mut parts.iter().copied()),
    }
}

/// A colour in several: `2`, red, green and blue, or `5` and a number.
fn color(parts: &mut dyn Iterator<Item = u16>) -> Option<Color> {
    let kind = parts.next()?;
    let mut part = || u8::try_from(parts.next()?).ok();
    match kind {
        2 => Some(Color::rgb(part()?, part()?, part()?)),
        5 => Some(Color::indexed(part()?)),
        _ => None,
    }
}
