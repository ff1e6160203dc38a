//! Numbers in decimal, for the many that go into sequences.

/// Appends `number`.
pub(super) fn push_number(out: &mut Vec<u8>, number: usize) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(DIGITS[number % 10]);
}

const DIGITS: [u8; 10] = *b"0123456789";

/// Appends a control sequence of parameters: `ESC [ prefix 1 ; 2 final`.
pub(super) fn push_csi(out: &mut Vec<u8>, prefix: &str, numbers: &[usize], end: &str) {
    out.extend_from_slice(b"\x1b[");
    out.extend_from_slice(prefix.as_bytes());
    for (place, number) in numbers.iter().enumerate() {
        if place > 0 {
            out.push(b';');
        }
        push_number(out, *number);
    }
    out.extend_from_slice(end.as_bytes());
}
