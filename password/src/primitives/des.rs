//! DES (FIPS 46-3) with the salt of crypt(3), which swaps bits of the expansion and so is in no DES crate.

/// A key schedule.
pub(crate) struct Des {
    /// Sixteen keys of 48 bits.
    keys: [u64; 16],
}

impl Des {
    /// Of a key whose lowest bit of each byte counts for nothing.
    pub(crate) fn new(key: u64) -> Self {
        let permuted = permute(key, 64, &PC1);
        let (mut left, mut right) = (permuted >> 28, permuted & HALF_KEY);
        let keys = KEY_SHIFTS.map(|shift| {
            left = (left << shift | left >> (28 - shift)) & HALF_KEY;
            right = (right << shift | right >> (28 - shift)) & HALF_KEY;
            permute(left << 28 | right, 56, &PC2)
        });
        Self { keys }
    }

    /// Encrypts a block `times` times over. Bit `i` of `salt` swaps bits `i` and `i + 24` of the expansion,
    /// counted from its left.
    pub(crate) fn encrypt(&self, block: u64, salt: u32, times: u32) -> u64 {
        let salt = u64::from(salt.reverse_bits() >> 8);
        let permuted = permute(block, 64, &IP);
        let (mut left, mut right) = (permuted >> 32, permuted & 0xffff_ffff);
        for _ in 0..times {
            for key in &self.keys {
                (left, right) = (right, left ^ round(right, *key, salt));
            }
            (left, right) = (right, left);
        }
        permute(left << 32 | right, 64, &FP)
    }
}

const HALF_KEY: u64 = 0x0fff_ffff;

/// The cipher function of one round, on 32 bits.
fn round(half: u64, key: u64, salt: u64) -> u64 {
    // The expansion is eight groups of six bits, which overlap by one on either side.
    let wrapped = (half & 1) << 33 | half << 1 | half >> 31;
    let group = |shift: u32| (wrapped >> shift) & 63;
    let high = group(28) << 18 | group(24) << 12 | group(20) << 6 | group(16);
    let low = group(12) << 18 | group(8) << 12 | group(4) << 6 | group(0);
    let swapped = (high ^ low) & salt;
    let mixed = ((high ^ swapped) << 24 | (low ^ swapped)) ^ key;
    let boxes = SUBSTITUTIONS.iter().zip((0..8).rev());
    boxes.fold(0, |output, (substitution, position)| {
        let index = usize::try_from(mixed >> (6 * position) & 63).unwrap_or_default();
        output | u64::from(substitution.get(index).copied().unwrap_or_default())
    })
}

/// The bits of a block of `width` bits that `table` names, counted from 1 at the left.
fn permute(block: u64, width: u32, table: &[u8]) -> u64 {
    table.iter().fold(0, |permuted, position| {
        permuted << 1 | (block >> (width - u32::from(*position)) & 1)
    })
}

/// Each S-box with the permutation P applied to its output.
const SUBSTITUTIONS: [[u32; 64]; 8] = substitutions();

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler: an index out of bounds does not compile"
)]
const fn substitutions() -> [[u32; 64]; 8] {
    let mut all = [[0; 64]; 8];
    let mut number = 0;
    while number < 8 {
        let mut input = 0;
        while input < 64 {
            // The outer two bits are the row, the inner four the column.
            let row = (input >> 4 & 2) | (input & 1);
            let column = input >> 1 & 15;
            let output = (S_BOXES[number][row * 16 + column] as u32) << (28 - 4 * number as u32);
            let mut permuted = 0;
            let mut bit = 0;
            while bit < 32 {
                permuted = permuted << 1 | (output >> (32 - P[bit] as u32) & 1);
                bit += 1;
            }
            all[number][input] = permuted;
            input += 1;
        }
        number += 1;
    }
    all
}

#[rustfmt::skip]
const IP: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
    62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
    57, 49, 41, 33, 25, 17,  9, 1, 59, 51, 43, 35, 27, 19, 11, 3,
    61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];
#[rustfmt::skip]
const FP: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31,
    38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
    36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27,
    34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41,  9, 49, 17, 57, 25,
];
#[rustfmt::skip]
const PC1: [u8; 56] = [
    57, 49, 41, 33, 25, 17,  9,  1, 58, 50, 42, 34, 26, 18,
    10,  2, 59, 51, 43, 35, 27, 19, 11,  3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15,  7, 62, 54, 46, 38, 30, 22,
    14,  6, 61, 53, 45, 37, 29, 21, 13,  5, 28, 20, 12,  4,
];
#[rustfmt::skip]
const PC2: [u8; 48] = [
    14, 17, 11, 24,  1,  5,  3, 28, 15,  6, 21, 10,
    23, 19, 12,  4, 26,  8, 16,  7, 27, 20, 13,  2,
    41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48,
    44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const KEY_SHIFTS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
#[rustfmt::skip]
const P: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17,  1, 15, 23, 26,  5, 18, 31, 10,
     2, 8, 24, 14, 32, 27,  3,  9, 19, 13, 30,  6, 22, 11,  4, 25,
];
#[rustfmt::skip]
const S_BOXES: [[u8; 64]; 8] = [
    [
        14,  4, 13,  1,  2, 15, 11,  8,  3, 10,  6, 12,  5,  9,  0,  7,
         0, 15,  7,  4, 14,  2, 13,  1, 10,  6, 12, 11,  9,  5,  3,  8,
         4,  1, 14,  8, 13,  6,  2, 11, 15, 12,  9,  7,  3, 10,  5,  0,
        15, 12,  8,  2,  4,  9,  1,  7,  5, 11,  3, 14, 10,  0,  6, 13,
    ],
    [
        15,  1,  8, 14,  6, 11,  3,  4,  9,  7,  2, 13, 12,  0,  5, 10,
         3, 13,  4,  7, 15,  2,  8, 14, 12,  0,  1, 10,  6,  9, 11,  5,
         0, 14,  7, 11, 10,  4, 13,  1,  5,  8, 12,  6,  9,  3,  2, 15,
        13,  8, 10,  1,  3, 15,  4,  2, 11,  6,  7, 12,  0,  5, 14,  9,
    ],
    [
        10,  0,  9, 14,  6,  3, 15,  5,  1, 13, 12,  7, 11,  4,  2,  8,
        13,  7,  0,  9,  3,  4,  6, 10,  2,  8,  5, 14, 12, 11, 15,  1,
        13,  6,  4,  9,  8, 15,  3,  0, 11,  1,  2, 12,  5, 10, 14,  7,
         1, 10, 13,  0,  6,  9,  8,  7,  4, 15, 14,  3, 11,  5,  2, 12,
    ],
    [
         7, 13, 14,  3,  0,  6,  9, 10,  1,  2,  8,  5, 11, 12,  4, 15,
        13,  8, 11,  5,  6, 15,  0,  3,  4,  7,  2, 12,  1, 10, 14,  9,
        10,  6,  9,  0, 12, 11,  7, 13, 15,  1,  3, 14,  5,  2,  8,  4,
         3, 15,  0,  6, 10,  1, 13,  8,  9,  4,  5, 11, 12,  7,  2, 14,
    ],
    [
         2, 12,  4,  1,  7, 10, 11,  6,  8,  5,  3, 15, 13,  0, 14,  9,
        14, 11,  2, 12,  4,  7, 13,  1,  5,  0, 15, 10,  3,  9,  8,  6,
         4,  2,  1, 11, 10, 13,  7,  8, 15,  9, 12,  5,  6,  3,  0, 14,
        11,  8, 12,  7,  1, 14,  2, 13,  6, 15,  0,  9, 10,  4,  5,  3,
    ],
    [
        12,  1, 10, 15,  9,  2,  6,  8,  0, 13,  3,  4, 14,  7,  5, 11,
        10, 15,  4,  2,  7, 12,  9,  5,  6,  1, 13, 14,  0, 11,  3,  8,
         9, 14, 15,  5,  2,  8, 12,  3,  7,  0,  4, 10,  1, 13, 11,  6,
         4,  3,  2, 12,  9,  5, 15, 10, 11, 14,  1,  7,  6,  0,  8, 13,
    ],
    [
         4, 11,  2, 14, 15,  0,  8, 13,  3, 12,  9,  7,  5, 10,  6,  1,
        13,  0, 11,  7,  4,  9,  1, 10, 14,  3,  5, 12,  2, 15,  8,  6,
         1,  4, 11, 13, 12,  3,  7, 14, 10, 15,  6,  8,  0,  5,  9,  2,
         6, 11, 13,  8,  1,  4, 10,  7,  9,  5,  0, 15, 14,  2,  3, 12,
    ],
    [
        13,  2,  8,  4,  6, 15, 11,  1, 10,  9,  3, 14,  5,  0, 12,  7,
         1, 15, 13,  8, 10,  3,  7,  4, 12,  5,  6, 11,  0, 14,  9,  2,
         7, 11,  4,  1,  9, 12, 14,  2,  0,  6, 10, 13, 15,  3,  5,  8,
         2,  1, 14,  7,  4, 10,  8, 13, 15, 12,  9,  0,  3,  5,  6, 11,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Ronald Rivest's test ("Testing Implementations of DES", 1985), and the worked example that FIPS 46
    /// texts share.
    #[test]
    fn des_without_a_salt_is_des() {
        let mut block = 0x9474_b8e8_c73b_ca7d;
        for step in 0..16 {
            let encrypted = Des::new(block).encrypt(block, 0, 1);
            if step == 0 {
                assert_eq!(encrypted, 0x8da7_44e0_c94e_5e17);
            }
            block = encrypted;
        }
        let example = Des::new(0x1334_5779_9bbc_dff1).encrypt(0x0123_4567_89ab_cdef, 0, 1);
        assert_eq!(example, 0x85e8_1354_0f0a_b405);
    }
}
