//! The pre-sign-up function.

fn main() {}
