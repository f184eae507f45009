//! A source as the settings name it.

use std::{path::PathBuf, time::Duration};

/// A folder whose lists are imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its name: the source of its records.
    pub name: String,
    /// The card profile of its lists.
    pub profile: String,
    /// The folder.
    pub folder: PathBuf,
    /// The node that pulls it, where several share the database: another one may have another folder of that name.
    pub node: Option<String>,
    /// The interval of its pulls.
    pub every: Duration,
    /// Whether a known request with another body becomes the next version of its record.
    pub update: bool,
}
