//! Cards rendered into files for people.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use super::args::{DocumentArg, PreviewArgs, SideArg};
use crate::{
    domain::refusal::Refusal,
    engine::{
        EngineError,
        printing::document::{Format, Output},
    },
};

/// The rendering output for the arguments.
pub fn output(preview: &PreviewArgs) -> Output {
    let format = match preview.format {
        DocumentArg::Png => Format::Png,
        DocumentArg::Pdf => Format::Pdf,
        DocumentArg::Pwg => Format::Pwg,
        DocumentArg::Urf => Format::Urf,
    };
    let side = preview.side.map(|side| match side {
        SideArg::Front => 0,
        SideArg::Back => 1,
    });
    Output::preview(format, preview.dpi, side)
}

/// Writes a rendered card into a new file with mode 0600. An existing file is not overwritten.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    if new.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists) {
        return Err(Refusal::FileExists { file: path.display().to_string() }.into());
    }
    let written = new.and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| EngineError::Write { what: path.display().to_string(), source })
}
