//! The files: one or more an algorithm, and one of the rest.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use csv::ByteRecord;
use serde::Serialize;

use super::{algorithm::Algorithm, pool_header::PoolHeader, user::User};
use crate::{
    error::Error,
    rows::{Format, Raw},
};

/// Most users of a file.
const MAX_ROWS: u64 = 500_000;
/// Most bytes of a file: 100 MB, in the smaller of its two meanings.
const MAX_BYTES: u64 = 100_000_000;

/// A file that was written.
#[derive(Serialize)]
pub(crate) struct Written {
    /// Where.
    pub(crate) path: PathBuf,
    /// CreateUserImportJob's name of the algorithm; none for the rest.
    pub(crate) algorithm: Option<&'static str>,
    /// Without the header.
    pub(crate) rows: u64,
}

/// All files.
pub(crate) struct Output {
    prefix: PathBuf,
    header: String,
    files: BTreeMap<Algorithm, Part>,
    full: Vec<Written>,
    rest: Rest,
}

struct Part {
    number: u32,
    file: BufWriter<File>,
    path: PathBuf,
    rows: u64,
    bytes: u64,
}

struct Rest {
    path: PathBuf,
    format: Format,
    header: Option<ByteRecord>,
    file: Option<RestFile>,
    rows: u64,
}

enum RestFile {
    Csv(Box<csv::Writer<File>>),
    JsonLines(BufWriter<File>),
}

impl Output {
    /// No file yet: each is made when it is needed.
    pub(crate) fn new(
        prefix: PathBuf,
        header: &PoolHeader,
        format: Format,
        export_header: Option<&ByteRecord>,
    ) -> Self {
        let extension = match format {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
        };
        Self {
            rest: Rest {
                path: with_suffix(&prefix, &format!("rest.{extension}")),
                format,
                header: export_header.cloned(),
                file: None,
                rows: 0,
            },
            prefix,
            header: header.columns().join(","),
            files: BTreeMap::new(),
            full: Vec::new(),
        }
    }

    /// Writes a user into the file of the algorithm.
    ///
    /// # Errors
    /// Where a file is there already or cannot be written.
    pub(crate) fn user(&mut self, user: &User) -> Result<(), Error> {
        let length = u64::try_from(user.row.len() + 1).unwrap_or(u64::MAX);
        let current = self.files.remove(&user.algorithm);
        let mut part = match current {
            Some(part) if part.rows < MAX_ROWS && part.bytes + length <= MAX_BYTES => part,
            Some(full) => {
                let number = full.number + 1;
                self.full.push(full.finish(user.algorithm)?);
                self.part(user.algorithm, number)?
            }
            None => self.part(user.algorithm, 1)?,
        };
        part.line(&user.row)?;
        part.rows += 1;
        self.files.insert(user.algorithm, part);
        Ok(())
    }

    fn part(&self, algorithm: Algorithm, number: u32) -> Result<Part, Error> {
        let name = algorithm.name().to_lowercase().replace('_', "-");
        let path = with_suffix(&self.prefix, &format!("{name}-{number}.csv"));
        let mut part = Part {
            number,
            file: BufWriter::new(create(&path)?),
            path,
            rows: 0,
            bytes: 0,
        };
        part.line(&self.header)?;
        Ok(part)
    }

    /// Writes a row of the export into the rest, with its line and why it is there.
    ///
    /// # Errors
    /// As [`Self::user`].
    pub(crate) fn rest(&mut self, line: u64, reason: &str, raw: &Raw<'_>) -> Result<(), Error> {
        let rest = &mut self.rest;
        let failed = |source| Error::File {
            path: rest.path.clone(),
            source,
        };
        let mut file = match rest.file.take() {
            Some(file) => file,
            None => rest.create()?,
        };
        let written = match (&mut file, raw) {
            (RestFile::Csv(file), Raw::Record(record)) => {
                let line = line.to_string();
                let before = [line.as_bytes(), reason.as_bytes()];
                file.write_record(before.into_iter().chain(record.iter()))
                    .map_err(io::Error::from)
            }
            (RestFile::JsonLines(file), Raw::Line(row)) => rest_line(file, line, reason, row),
            // The format of the rest is that of the export.
            _ => Ok(()),
        };
        written.map_err(failed)?;
        rest.file = Some(file);
        rest.rows += 1;
        Ok(())
    }

    /// Writes what is left in buffers, and says which files there are.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub(crate) fn finish(self) -> Result<Vec<Written>, Error> {
        let mut written = self.full;
        for (algorithm, part) in self.files {
            written.push(part.finish(algorithm)?);
        }
        written.sort_by(|a, b| a.path.cmp(&b.path));
        let flushed = match self.rest.file {
            None => return Ok(written),
            Some(RestFile::Csv(mut file)) => file.flush(),
            Some(RestFile::JsonLines(mut file)) => file.flush(),
        };
        let path = self.rest.path;
        if let Err(source) = flushed {
            return Err(Error::File { path, source });
        }
        written.push(Written {
            path,
            algorithm: None,
            rows: self.rest.rows,
        });
        Ok(written)
    }
}

impl Part {
    fn line(&mut self, line: &str) -> Result<(), Error> {
        writeln!(self.file, "{line}").map_err(|source| Error::File {
            path: self.path.clone(),
            source,
        })?;
        self.bytes += u64::try_from(line.len() + 1).unwrap_or(u64::MAX);
        Ok(())
    }

    fn finish(mut self, algorithm: Algorithm) -> Result<Written, Error> {
        match self.file.flush() {
            Ok(()) => Ok(Written {
                path: self.path,
                algorithm: Some(algorithm.name()),
                rows: self.rows,
            }),
            Err(source) => Err(Error::File {
                path: self.path,
                source,
            }),
        }
    }
}

impl Rest {
    fn create(&self) -> Result<RestFile, Error> {
        let file = create(&self.path)?;
        if self.format == Format::JsonLines {
            return Ok(RestFile::JsonLines(BufWriter::new(file)));
        }
        // A row that has too few columns or too many is in the rest as it was.
        let mut file = csv::WriterBuilder::new().flexible(true).from_writer(file);
        let names = [b"line".as_slice(), b"reason"];
        let columns = self.header.iter().flatten();
        let written = file.write_record(names.into_iter().chain(columns));
        written.map_err(|error| Error::File {
            path: self.path.clone(),
            source: error.into(),
        })?;
        Ok(RestFile::Csv(Box::new(file)))
    }
}

/// `{"line":…,"reason":…,"row":…}`; `null` for a row that was too long or is no JSON.
fn rest_line(to: &mut impl io::Write, line: u64, reason: &str, row: &[u8]) -> io::Result<()> {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(row).is_ok();
    let reason = serde_json::to_string(reason)?;
    write!(to, "{{\"line\":{line},\"reason\":{reason},\"row\":")?;
    to.write_all(if is_json { row.trim_ascii() } else { b"null" })?;
    to.write_all(b"}\n")
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push("-");
    path.push(suffix);
    path.into()
}

/// A new file, for its owner's eyes.
fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|source| {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::AlreadyExists {
            Error::Exists(path)
        } else {
            Error::File { path, source }
        }
    })
}
