//! A list that comes through a pipe: it is read twice, and nothing of it stays.

use std::{
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{office::Office, people, wait_until};

/// The open files of a process, by the path that the system shows, which ends in ` (deleted)` if the file has no name.
fn open_files(process: u32) -> Vec<(PathBuf, PathBuf)> {
    let folder = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    folder.filter_map(|entry| Some((fs::read_link(entry.path()).ok()?, entry.path()))).collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_of_a_list_from_standard_input_is_left_when_the_import_is_killed() {
    let office = Office::new();
    office.done(&["init"]);
    let temporary = office.file("tmp");
    fs::create_dir(&temporary).unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut command = office.command(&["import", "-", "--profile", "student"]);
    command.env("TMPDIR", &temporary).stdin(reader);
    let running = office.start_command(command);
    writer.write_all(people::students(0..2_000).as_bytes()).unwrap();
    writer.flush().unwrap();

    let data = office.data().canonicalize().unwrap();
    let mut copy = None;
    wait_until("a part of the list is copied", 60, || {
        let open = open_files(running.id()).into_iter();
        copy = open.filter(|(shown, _)| shown.to_string_lossy().ends_with(" (deleted)")).find_map(|(shown, path)| {
            Some((shown, fs::metadata(path).ok().filter(|metadata| metadata.len() > 50_000)?))
        });
        copy.is_some()
    });
    let (shown, metadata) = copy.unwrap();
    assert!(shown.starts_with(&data), "{shown:?} is beside the key, where the data are kept");
    assert_eq!((metadata.nlink(), metadata.mode() & 0o077), (0, 0), "it has no name, and no other user may read it");
    assert!(running.kill());

    assert_eq!(files(&temporary), Vec::<PathBuf>::new());
    for file in files(&data) {
        let content = fs::read(&file).unwrap();
        assert!(!content.windows(14).any(|window| window == b"STUDENT NUMBER"), "{file:?}");
    }
}
