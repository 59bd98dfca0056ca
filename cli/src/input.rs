//! Bytes from outside: counted, and never more of one row in memory than fits.

use std::io::{self, BufRead, Read};

/// Longest row that is read, in bytes. A quotation mark that is never closed makes one row of all that
/// follows it; no row of a user store is near this.
pub(crate) const MAX_ROW_BYTES: u64 = 1 << 20;

/// A reader that counts, and stops within a row that is too long.
pub(crate) struct Metered<R> {
    inner: R,
    total: u64,
    of_row: u64,
    bounded: bool,
}

impl<R> Metered<R> {
    /// Counts only: for formats whose rows are bounded by whoever reads them.
    pub(crate) fn counting(inner: R) -> Self {
        Self {
            inner,
            total: 0,
            of_row: 0,
            bounded: false,
        }
    }

    /// Stops within a row over [`MAX_ROW_BYTES`]; [`Self::next_row`] begins another one.
    pub(crate) fn bounded(inner: R) -> Self {
        Self {
            bounded: true,
            ..Self::counting(inner)
        }
    }

    /// How many bytes were read so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// A row begins.
    pub(crate) fn next_row(&mut self) {
        self.of_row = 0;
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bounded && self.of_row > MAX_ROW_BYTES {
            return Err(io::Error::other(
                "a row of more than 1 MiB begins here: close its quotation mark, or say --format jsonl",
            ));
        }
        let read = self.inner.read(buffer)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.total = self.total.saturating_add(bytes);
        self.of_row = self.of_row.saturating_add(bytes);
        Ok(read)
    }
}

/// What [`read_line`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    /// A line, now in the buffer, without what ends it.
    Whole,
    /// A line over [`MAX_ROW_BYTES`], read over; the buffer is empty.
    TooLong,
    /// No line is left.
    End,
}

/// Reads a line into `line`.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let read = reader.take(MAX_ROW_BYTES + 1).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(Line::End);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Line::Whole);
    }
    if u64::try_from(read).is_ok_and(|read| read <= MAX_ROW_BYTES) {
        return Ok(Line::Whole);
    }
    line.clear();
    reader.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_read_over_and_the_next_is_whole() {
        let length = usize::try_from(MAX_ROW_BYTES).unwrap();
        let text = [vec![b'a'; length + 1], b"\nnext\nlast".to_vec()].concat();
        let (mut reader, mut line) = (text.as_slice(), Vec::new());
        assert_eq!(read_line(&mut reader, &mut line).unwrap(), Line::TooLong);
        assert_eq!(read_line(&mut reader, &mut line).unwrap(), Line::Whole);
        assert_eq!(line, b"next");
        assert_eq!(read_line(&mut reader, &mut line).unwrap(), Line::Whole);
        assert_eq!(line, b"last");
        assert_eq!(read_line(&mut reader, &mut line).unwrap(), Line::End);
    }
}
