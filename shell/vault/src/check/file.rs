//! A file is there, as it should be.

use city::FileForm;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{BufReader, Read},
    path::{Component, Path},
};

/// The largest file whose form is looked at, unless it can be read piece by piece.
const WHOLE_MAX: u64 = 256 << 20;

/// What is wanted of a file.
pub(crate) struct Wanted<'a> {
    pub(crate) path: &'a str,
    pub(crate) parses: Option<FileForm>,
    pub(crate) contains: Option<&'a str>,
    pub(crate) sha256: Option<&'a str>,
}

/// Looks at a file. Gives how many bytes were read, or what is wrong.
pub(crate) fn check_file(restored: &Path, wanted: &Wanted) -> Result<u64, String> {
    let shown = wanted.path;
    let mut path = restored.to_path_buf();
    for part in Path::new(wanted.path).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(format!("`{shown}` leads upwards")),
        }
    }
    let missing = |cause| format!("`{shown}` was not restored: {cause}");
    let path = path.canonicalize().map_err(missing)?;
    let within = restored.canonicalize().map_err(missing)?;
    if !path.starts_with(&within) {
        return Err(format!("`{shown}` is a link that leads out of what was restored"));
    }
    let length = fs::metadata(&path).map_err(missing)?.len();
    let unread = |cause: std::io::Error| format!("`{shown}` cannot be read: {cause}");
    let open = || File::open(&path).map_err(unread);
    if wanted.contains.is_some() || wanted.sha256.is_some() || wanted.parses.is_none() {
        let read = read(open()?, wanted.contains.unwrap_or_default().as_bytes()).map_err(unread)?;
        if let Some(sha256) = wanted.sha256.filter(|sha256| !sha256.eq_ignore_ascii_case(&read.sha256)) {
            return Err(format!("`{shown}` has the SHA-256 {}, not {sha256}", read.sha256));
        }
        if let Some(text) = wanted.contains.filter(|_| !read.contains) {
            return Err(format!("`{shown}` does not contain `{text}`"));
        }
    }
    if let Some(form) = wanted.parses {
        if form != FileForm::Csv && length > WHOLE_MAX {
            return Err(format!("`{shown}` has {length} bytes, too many to be parsed"));
        }
        parse(open()?, form).map_err(|why| format!("`{shown}` {why}"))?;
    }
    Ok(length)
}

struct FileRead {
    sha256: String,
    contains: bool,
}

/// Reads a file to its end.
fn read(mut file: impl Read, text: &[u8]) -> std::io::Result<FileRead> {
    let mut hash = Sha256::new();
    let mut contains = text.is_empty();
    // The end of what was read before, in which the text may begin.
    let mut window = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        if !contains {
            window.extend_from_slice(bytes);
            contains = window.windows(text.len()).any(|part| part == text);
            let over = window.len().saturating_sub(text.len() - 1);
            window.drain(..over);
        }
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(FileRead { sha256, contains })
}

/// Whether a file has a form. Says what is wrong with it in words that follow its name.
fn parse(file: File, form: FileForm) -> Result<(), String> {
    if form == FileForm::Csv {
        return parse_csv(BufReader::new(file));
    }
    let text = std::io::read_to_string(file).map_err(|cause| format!("is no text: {cause}"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match form {
        FileForm::Json => serde_json::from_str::<IgnoredAny>(text)
            .map(drop)
            .map_err(|error| format!("is not JSON: {error}")),
        FileForm::Toml => {
            text.parse::<toml::Table>().map(drop).map_err(|error| format!("is not TOML: {}", error.message()))
        }
        FileForm::Xml => {
            let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
            roxmltree::Document::parse_with_options(text, options)
                .map(drop)
                .map_err(|error| format!("is not XML: {error}"))
        }
        FileForm::Csv => Ok(()),
    }
}

/// Reads comma-separated values (RFC 4180) piece by piece: at least one row, every row as long as the first.
fn parse_csv(mut file: impl Read) -> Result<(), String> {
    let mut rows = Rows::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer).map_err(|cause| format!("cannot be read: {cause}"))?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return rows.end();
        }
        for byte in bytes {
            rows.push(*byte)?;
        }
    }
}

/// Where the reading of comma-separated values is.
#[derive(Default)]
struct Rows {
    /// Within quotes.
    quoted: bool,
    /// Behind a quote within quotes: either its half, or the end of them.
    behind_quote: bool,
    /// Whether the row has anything yet.
    begun: bool,
    fields: u64,
    /// How many fields the first row has.
    first: Option<u64>,
    row: u64,
}

impl Rows {
    fn push(&mut self, byte: u8) -> Result<(), String> {
        if byte == 0 {
            return Err("is not CSV: it has a zero byte in it".to_owned());
        }
        if self.quoted && !self.behind_quote {
            self.behind_quote = byte == b'"';
            return Ok(());
        }
        if self.quoted && byte == b'"' {
            self.behind_quote = false;
            return Ok(());
        }
        (self.quoted, self.behind_quote) = (false, false);
        match byte {
            b'\n' => return self.end_row(),
            b'\r' => {}
            b'"' => (self.quoted, self.begun) = (true, true),
            b',' => (self.fields, self.begun) = (self.fields + 1, true),
            _ => self.begun = true,
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), String> {
        self.row += 1;
        // An empty line is no row.
        if !std::mem::take(&mut self.begun) {
            return Ok(());
        }
        let fields = std::mem::take(&mut self.fields) + 1;
        let first = *self.first.get_or_insert(fields);
        if fields == first {
            Ok(())
        } else {
            Err(format!("is not CSV: row {} has {fields} fields, the first has {first}", self.row))
        }
    }

    fn end(mut self) -> Result<(), String> {
        if self.quoted && !self.behind_quote {
            return Err("is not CSV: it ends within quotes".to_owned());
        }
        self.end_row()?;
        if self.first.is_none() { Err("is not CSV: it has no row".to_owned()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(content: &[u8], wanted: impl Fn(&mut Wanted)) -> Result<u64, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("srv")).unwrap();
        fs::write(folder.path().join("srv/file"), content).unwrap();
        let mut asked = Wanted { path: "/srv/file", parses: None, contains: None, sha256: None };
        wanted(&mut asked);
        check_file(folder.path(), &asked)
    }

    #[test]
    fn files_are_read_in_the_form_that_is_wanted() {
        for (form, good, bad) in [
            (
                FileForm::Csv,
                "name,street\nAsha,\"Mill, Lane\"\n\"Bo\n\"\"B\"\"\",Weir\n",
                "name,street\nAsha\n",
            ),
            (FileForm::Json, "{\"a\": [1, 2]}", "{\"a\": [1, 2}"),
            (FileForm::Toml, "a = 1\n", "a = \n"),
            (FileForm::Xml, "<?xml version=\"1.0\"?><!DOCTYPE a><a><b/></a>", "<a><b></a>"),
        ] {
            assert_eq!(
                checked(good.as_bytes(), |w| w.parses = Some(form)),
                Ok(good.len() as u64),
                "{form:?}"
            );
            let error = checked(bad.as_bytes(), |w| w.parses = Some(form)).unwrap_err();
            assert!(error.starts_with("`/srv/file` is not "), "{error}");
        }
        assert!(checked(b"a,\"b\n", |w| w.parses = Some(FileForm::Csv)).unwrap_err().contains("quotes"));
        assert!(checked(b"", |w| w.parses = Some(FileForm::Csv)).is_err());
        assert!(checked(&[0x89, 0xa1, 0], |w| w.parses = Some(FileForm::Json)).is_err());
    }

    #[test]
    fn content_and_hash_are_compared() {
        let mut long = vec![b'x'; 64 << 10];
        long.extend_from_slice(b"heron");
        // The text lies across two pieces.
        long.splice((64 << 10) - 2..(64 << 10) - 2, *b"he");
        assert!(checked(&long, |w| w.contains = Some("heron")).is_ok());
        assert!(checked(&long, |w| w.contains = Some("herons")).unwrap_err().contains("does not contain"));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(checked(b"", |w| w.sha256 = Some(empty)), Ok(0));
        assert!(checked(b"a", |w| w.sha256 = Some(empty)).is_err());
    }

    #[test]
    fn only_what_was_restored_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).unwrap();
        let wanted = |path| Wanted { path, parses: None, contains: None, sha256: None };
        assert!(check_file(folder.path(), &wanted("link")).unwrap_err().contains("leads out"));
        assert!(check_file(folder.path(), &wanted("../x")).unwrap_err().contains("upwards"));
        assert!(check_file(folder.path(), &wanted("none")).unwrap_err().contains("not restored"));
    }
}
