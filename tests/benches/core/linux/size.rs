//! How large the programs are, and how they are linked.

use std::fs;
use std::path::Path;

use super::programs::{floor, ours};
use super::table::Table;

pub(crate) fn run(table: &mut Table) {
    let nothing = describe(&floor("nothing"));
    for name in ["icpy", "icpyd"] {
        table.figure(&format!("size of `{name}`"), &nothing, describe(&ours(name)), "");
    }
}

fn describe(program: &Path) -> String {
    let bytes = fs::read(program).unwrap();
    let linked = if names_interpreter(&bytes) { "dynamic" } else { "static" };
    format!("{} bytes, {linked}", bytes.len())
}

/// Whether an ELF program of 64 bits asks for a dynamic linker: one of its program headers is `PT_INTERP` (elf(5)).
fn names_interpreter(program: &[u8]) -> bool {
    const PT_INTERP: u64 = 3;
    assert!(program.starts_with(b"\x7fELF\x02\x01"), "not a little-endian ELF program of 64 bits");
    let number = |place: usize, bytes: usize| {
        let field = &program[place..place + bytes];
        field.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let place = |at: usize, bytes: usize| usize::try_from(number(at, bytes)).unwrap();
    // `e_phoff`, `e_phentsize` and `e_phnum`.
    let (headers, size, count) = (place(32, 8), place(54, 2), place(56, 2));
    (0..count).any(|header| number(headers + header * size, 4) == PT_INTERP)
}
