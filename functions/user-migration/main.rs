//! The user-migration function.

fn main() {}
