//! A program that prints a number every millisecond.

use std::time::Duration;

fn main() {
    for number in 0_u64.. {
        println!("{number}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
