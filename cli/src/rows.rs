//! The rows of an export, one at a time, from CSV or from lines of JSON.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{BufRead, BufReader, Read},
};

use csv::ByteRecord;
use serde_json::{Map, Value};

use crate::{
    error::Error,
    input::{Line, Metered, read_line},
};

/// How an export is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Format {
    /// RFC 4180, with a header.
    #[default]
    Csv,
    /// An object of JSON a line.
    JsonLines,
}

/// A row, or what stands in its place.
pub(crate) struct Entry<'a> {
    /// The line on which it begins; the first is 1.
    pub(crate) line: u64,
    /// As it was read.
    pub(crate) raw: Raw<'a>,
    /// The row, or the reason code of an invalid one.
    pub(crate) row: Result<Row<'a>, &'static str>,
}

/// A row as it was read.
pub(crate) enum Raw<'a> {
    /// Of a CSV file.
    Record(&'a ByteRecord),
    /// Of JSON, without what ends it; empty where it was too long.
    Line(&'a [u8]),
}

/// The fields of a row, by the names of their columns.
pub(crate) enum Row<'a> {
    /// Of a CSV file.
    Csv(&'a ByteRecord, &'a HashMap<String, Column>),
    /// Of JSON.
    Json(Map<String, Value>),
}

impl Row<'_> {
    /// The field of a column, without blanks around it; `None` if there is none, or nothing in it.
    pub(crate) fn field(&self, column: &str) -> Option<Cow<'_, [u8]>> {
        let field = match self.exact_field(column)? {
            Cow::Borrowed(field) => field.trim_ascii().into(),
            Cow::Owned(field) => field.trim_ascii().to_vec().into(),
        };
        Some(field).filter(|field: &Cow<'_, [u8]>| !field.is_empty())
    }

    /// The field of a column as it is: a blank behind a hash is one that the function meets too.
    pub(crate) fn exact_field(&self, column: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Csv(record, columns) => match columns.get(column)? {
                Column::At(index) => record.get(*index).map(Cow::Borrowed),
                Column::Twice => None,
            },
            Self::Json(members) => match members.get(column)? {
                Value::Null => None,
                Value::String(text) => Some(text.as_bytes().into()),
                // A number of a phone, a flag, Keycloak's JSON: as its text.
                value => Some(value.to_string().into_bytes().into()),
            },
        }
    }
}

/// Where a column of a CSV file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    /// At this place.
    At(usize),
    /// At two places: it cannot be named.
    Twice,
}

/// Reads an export. Holds one row.
pub(crate) enum Rows<R> {
    /// Of CSV.
    Csv {
        /// The parser.
        reader: csv::Reader<Metered<R>>,
        /// The header.
        header: ByteRecord,
        /// Where each column is.
        columns: HashMap<String, Column>,
        /// The row.
        record: ByteRecord,
    },
    /// Of lines of JSON.
    JsonLines {
        /// The bytes.
        reader: BufReader<Metered<R>>,
        /// The row.
        buffer: Vec<u8>,
        /// Its line.
        line: u64,
    },
}

impl<R: Read> Rows<R> {
    /// Reads the header, if the format has one.
    ///
    /// # Errors
    /// If the input cannot be read, or its header is invalid.
    pub(crate) fn open(input: R, format: Format, delimiter: u8) -> Result<Self, Error> {
        match format {
            Format::JsonLines => Ok(Self::JsonLines {
                reader: BufReader::new(Metered::counting(input)),
                buffer: Vec::new(),
                line: 0,
            }),
            Format::Csv => {
                let mut reader = csv::ReaderBuilder::new()
                    .delimiter(delimiter)
                    .flexible(true)
                    .from_reader(Metered::bounded(input));
                let header = reader.byte_headers();
                let header = header.map_err(|error| failed(1, error))?.clone();
                let columns = columns(&header)?;
                Ok(Self::Csv {
                    reader,
                    header,
                    columns,
                    record: ByteRecord::new(),
                })
            }
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// Where the input cannot be read on: a row that cannot is an [`Entry`].
    pub(crate) fn next(&mut self) -> Result<Option<Entry<'_>>, Error> {
        match self {
            Self::Csv {
                reader,
                header,
                columns,
                record,
            } => {
                let line = reader.position().line();
                reader.get_mut().next_row();
                let read = reader.read_byte_record(record);
                if !read.map_err(|error| failed(line, error))? {
                    return Ok(None);
                }
                let row = if record.len() == header.len() {
                    Ok(Row::Csv(record, columns))
                } else {
                    Err("column-count")
                };
                Ok(Some(Entry {
                    line: record.position().map_or(line, csv::Position::line),
                    raw: Raw::Record(record),
                    row,
                }))
            }
            Self::JsonLines {
                reader,
                buffer,
                line,
            } => json_line(reader, buffer, line),
        }
    }

    /// How many bytes were read so far, some of them ahead.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Csv { reader, .. } => reader.get_ref().total(),
            Self::JsonLines { reader, .. } => reader.get_ref().total(),
        }
    }

    /// Whether a row may have this column.
    ///
    /// # Errors
    /// With what to do, for a column that cannot be named.
    pub(crate) fn has(&self, column: &str) -> Result<bool, Error> {
        match self {
            Self::JsonLines { .. } => Ok(true),
            Self::Csv { columns, .. } => match columns.get(column) {
                None => Ok(false),
                Some(Column::At(_)) => Ok(true),
                Some(Column::Twice) => Err(Error::Header(format!(
                    "two columns are called {column:?}: rename one of them"
                ))),
            },
        }
    }

    /// The header, where the format has one.
    pub(crate) fn header(&self) -> Option<&ByteRecord> {
        match self {
            Self::Csv { header, .. } => Some(header),
            Self::JsonLines { .. } => None,
        }
    }
}

fn json_line<'a>(
    reader: &mut impl BufRead,
    buffer: &'a mut Vec<u8>,
    line: &mut u64,
) -> Result<Option<Entry<'a>>, Error> {
    let row = loop {
        *line += 1;
        let read = read_line(reader, buffer);
        match read.map_err(|source| Error::Input {
            line: *line,
            source,
        })? {
            Line::End => return Ok(None),
            Line::TooLong => break Err("too-long"),
            Line::Whole if buffer.trim_ascii().is_empty() => {}
            Line::Whole => {
                break serde_json::from_slice(buffer)
                    .map(Row::Json)
                    .map_err(|error| {
                        if error.is_data() {
                            "not-an-object"
                        } else {
                            "not-json"
                        }
                    });
            }
        }
    };
    Ok(Some(Entry {
        line: *line,
        raw: Raw::Line(buffer),
        row,
    }))
}

/// The header is not shown in errors: in a file without one it is somebody's row.
fn columns(header: &ByteRecord) -> Result<HashMap<String, Column>, Error> {
    if header.get(0).is_some_and(|first| first.starts_with(b"{")) {
        return Err(Error::Header(
            "this looks like lines of JSON: say --format jsonl".to_owned(),
        ));
    }
    let mut columns = HashMap::new();
    for (index, name) in header.iter().enumerate() {
        let name = str::from_utf8(name.trim_ascii())
            .map_err(|_| Error::Header("the header is not UTF-8: convert the file".to_owned()))?;
        columns
            .entry(name.to_owned())
            .and_modify(|column| *column = Column::Twice)
            .or_insert(Column::At(index));
    }
    Ok(columns)
}

fn failed(line: u64, error: csv::Error) -> Error {
    let line = error.position().map_or(line, csv::Position::line);
    Error::Input {
        line,
        source: error.into(),
    }
}
