//! The identity-vendor function.

fn main() {}
