//! Cards that are drawn to be looked at.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    domain::refusal::Refusal,
    engine::{
        EngineError,
        printing::document::{Format, Output},
    },
};

/// How a card is drawn to be looked at.
#[derive(Args, Debug)]
pub struct PreviewArgs {
    /// One side only; without it, a PNG shows the front, and other formats both
    #[arg(long)]
    pub side: Option<SideArg>,
    #[arg(long, default_value = "png")]
    pub format: DocumentArg,
    /// Dots per inch
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(100..=1200))]
    pub dpi: u32,
    /// The file to write; one that is there is not overwritten
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SideArg {
    Front,
    Back,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentArg {
    Png,
    Pdf,
    /// PWG raster
    Pwg,
    /// Apple raster
    Urf,
}

#[derive(Subcommand, Debug)]
pub enum ProfileCommand {
    /// Say what is wrong with a card profile, and draw a card of it with its sample
    Check {
        /// The profile's folder, or the name of one that is known
        folder: PathBuf,
        #[command(flatten)]
        look: PreviewArgs,
    },
}

/// What was asked for.
pub fn output(look: &PreviewArgs) -> Output {
    let format = match look.format {
        DocumentArg::Png => Format::Png,
        DocumentArg::Pdf => Format::Pdf,
        DocumentArg::Pwg => Format::Pwg,
        DocumentArg::Urf => Format::Urf,
    };
    let side = look.side.map(|side| match side {
        SideArg::Front => 0,
        SideArg::Back => 1,
    });
    Output::to_look_at(format, look.dpi, side)
}

/// Writes a drawn card into a new file that only its owner can read.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    if new.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists) {
        return Err(Refusal::FileExists { file: path.display().to_string() }.into());
    }
    let written = new.and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| EngineError::Write { what: path.display().to_string(), source })
}
