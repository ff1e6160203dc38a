//! Places in a text as others name them, and as bytes.

use std::ops::Range;

use crop::Rope;

/// What places are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Code units of UTF-16, as JavaScript and most editors count.
    #[default]
    Utf16,
    /// Bytes of UTF-8.
    Utf8,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// So many units from the beginning of the text.
    Offset(usize),
    /// So many units from the beginning of a line, counted from 0. A line that is too short ends there, and so does the text.
    Line(usize, usize),
}

/// The byte that a place is. `None` where there is no such place, or it is inside of a character.
pub fn byte_of(text: &Rope, place: Place, unit: Unit) -> Option<usize> {
    let byte = match (place, unit) {
        (Place::Offset(offset), Unit::Utf8) => (offset <= text.byte_len()).then_some(offset)?,
        (Place::Offset(offset), Unit::Utf16) => {
            (offset <= text.utf16_len()).then(|| text.byte_of_utf16_code_unit(offset))?
        }
        (Place::Line(line, _), _) if line >= text.line_len() => text.byte_len(),
        (Place::Line(line, character), unit) => {
            let begin = text.byte_of_line(line);
            let line = text.line(line);
            begin
                + match unit {
                    Unit::Utf8 => character.min(line.byte_len()),
                    Unit::Utf16 => line.byte_of_utf16_code_unit(character.min(line.utf16_len())),
                }
        }
    };
    // The middle of a surrogate pair is no place: what it is rounded to does not come back as the same number.
    let is_whole = match (place, unit) {
        (Place::Offset(offset), Unit::Utf16) => text.utf16_code_unit_of_byte(byte) == offset,
        _ => true,
    };
    (text.is_char_boundary(byte) && is_whole).then_some(byte)
}

/// A range of bytes in code units of UTF-16.
pub fn utf16_of(text: &Rope, range: &Range<usize>) -> Range<usize> {
    text.utf16_code_unit_of_byte(range.start)..text.utf16_code_unit_of_byte(range.end)
}
