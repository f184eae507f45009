//! `cetak profile`, and how a card is rendered into a file.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// How a card is rendered into a file.
#[derive(Args, Debug)]
pub struct PreviewArgs {
    /// The side to render [default: front for PNG, both for other formats]
    #[arg(long)]
    pub side: Option<SideArg>,
    /// The format of the file
    #[arg(long, default_value = "png")]
    pub format: DocumentArg,
    /// The resolution in dots per inch
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(100..=1200))]
    pub dpi: u32,
    /// The file to write; an existing file is not overwritten
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SideArg {
    /// The front of the card
    Front,
    /// The back of the card
    Back,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentArg {
    /// PNG image
    Png,
    /// PDF document
    Pdf,
    /// PWG raster
    Pwg,
    /// Apple raster
    Urf,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak profile list
  cetak profile check ktp-el -o sample.png")]
pub enum ProfileCommand {
    /// List the card profiles, built in and of files, and what is wrong with those that cannot be used
    #[command(after_help = "Examples:
  cetak profile list")]
    List,
    /// Show what a card profile takes: its columns, statuses and kinds of request, and its blank type
    #[command(after_help = "Examples:
  cetak profile show ktp-el")]
    Show {
        /// The name of the profile
        name: String,
    },
    /// Check a card profile and render its sample card into a file
    #[command(after_help = "Examples:
  cetak profile check ktp-el -o sample.png
  cetak profile check ./profiles/member-card --side back --format pdf -o back.pdf")]
    Check {
        /// The profile's folder, or the name of a known profile
        #[arg(value_name = "PROFILE")]
        folder: PathBuf,
        #[command(flatten)]
        preview: PreviewArgs,
    },
}
