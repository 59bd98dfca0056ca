//! Starts the suite on one machine.

fn main() {}
