//! A progress bar, where a person is looking.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// Between two drawings: fluent, and nothing beside the work.
const INTERVAL: Duration = Duration::from_millis(100);
/// Rows between two looks at the clock.
const STRIDE: u64 = 1024;
/// Characters of the bar itself.
const WIDTH: u64 = 30;

/// How far the reading of stdin is, on stderr if that is a terminal.
pub(crate) struct Progress {
    drawn: bool,
    visible: bool,
    started: Instant,
    next: Instant,
    /// Bytes to be read, where stdin is a file.
    total: Option<u64>,
}

impl Progress {
    /// Begins now.
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self {
            drawn: false,
            visible: io::stderr().is_terminal(),
            started: now,
            next: now + INTERVAL,
            total: length_of_stdin(),
        }
    }

    /// After each row.
    pub(crate) fn row(&mut self, rows: u64, bytes: u64) {
        if !self.visible || !rows.is_multiple_of(STRIDE) || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + INTERVAL;
        self.drawn = true;
        let bar = bar(rows, bytes, self.total, self.started.elapsed());
        // A terminal that is gone is no reason to stop.
        let _ = write!(io::stderr(), "\r\x1b[2K{bar}");
    }

    /// Wipes the bar, before anything else is printed.
    pub(crate) fn end(&self) {
        if self.drawn {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

#[cfg(unix)]
fn length_of_stdin() -> Option<u64> {
    use std::os::fd::AsFd as _;

    let stdin = io::stdin().as_fd().try_clone_to_owned().ok()?;
    let metadata = File::from(stdin).metadata().ok()?;
    metadata.is_file().then_some(metadata.len())
}

#[cfg(not(unix))]
fn length_of_stdin() -> Option<u64> {
    None
}

fn bar(rows: u64, bytes: u64, total: Option<u64>, elapsed: Duration) -> String {
    let mut text = String::new();
    if let Some(total) = total.filter(|total| *total > 0) {
        let done = bytes.min(total);
        let percent = done.saturating_mul(100) / total;
        let filled = done.saturating_mul(WIDTH) / total;
        text.push('[');
        for cell in 0..WIDTH {
            text.push(if cell < filled { '#' } else { '.' });
        }
        let _ = write!(text, "] {percent:3} %  ");
    }
    let megabytes = bytes / 1_000_000;
    let seconds = elapsed.as_secs().max(1);
    let _ = write!(
        text,
        "{rows} rows, {megabytes} MB, {} rows/s",
        rows / seconds
    );
    if let Some(total) = total.filter(|total| bytes > 0 && *total > bytes) {
        let left = (total - bytes).saturating_mul(elapsed.as_secs()) / bytes;
        let _ = write!(text, ", {left} s left");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_how_much_is_done_and_left_where_the_length_is_known() {
        let drawn = bar(500, 25_000_000, Some(100_000_000), Duration::from_secs(10));
        assert_eq!(
            drawn,
            "[#######.......................]  25 %  500 rows, 25 MB, 50 rows/s, 30 s left"
        );
    }

    #[test]
    fn without_a_length_it_counts() {
        let drawn = bar(7, 0, None, Duration::ZERO);
        assert_eq!(drawn, "7 rows, 0 MB, 7 rows/s");
    }
}
