//! Cards rendered into files for people.

use std::{io::Write, path::Path};

use super::args::{DocumentArg, PreviewArgs, SideArg};
use crate::engine::{
    EngineError,
    files::NewFile,
    printing::document::{Format, Output},
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
    let mut new = NewFile::create(path, 0o600)?;
    new.write_all(bytes).map_err(|source| EngineError::Write { what: path.display().to_string(), source })?;
    new.finish()
}
