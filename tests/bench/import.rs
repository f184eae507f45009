//! Import through the real program, beside what the `sqlite3` shell makes of the same file, and, with distinct photos,
//! beside a plain copy of them.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, ensure};
use cetak::app::demo::people::{WaitingList, write_waiting_list};

use crate::{Line, Plan, median, output_of, per_second, range, settle};

const NO_SQLITE: &str = "the program `sqlite3` is needed for the reference; install it with `apt-get install sqlite3`";
const PHOTO_BYTES: usize = 50_000;

/// A list whose people share a few hundred photos.
pub(crate) fn shared_photos(folder: &Path, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let list = write_waiting_list(&folder.join("list"), 7, plan.rows)?;
    settle(std::slice::from_ref(&list.path))?;
    let (mut own, mut reference) = (Vec::new(), Vec::new());
    for run in 0..plan.runs {
        own.push(import(&folder.join(format!("own-{run}")), &list)?);
        reference.push(import_by_shell(&folder.join(format!("shell-{run}.db")), &list)?);
    }
    let beside = median(&reference);
    let what = format!("import of {} rows, shared photos", plan.rows);
    let references = vec![("`sqlite3 .import --csv`, rows", beside, median(&own) / beside)];
    Ok(vec![Line { what, figure: median(&own), unit: "rows/s", range: range(&own), references }])
}

/// The same list with a photo of 50 kB for each row.
pub(crate) fn distinct_photos(folder: &Path, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let list = write_waiting_list(&folder.join("list"), 7, plan.rows)?;
    let photos = with_own_photos(&list)?;
    settle(&photos)?;
    let (mut own, mut reference) = (Vec::new(), Vec::new());
    for run in 0..plan.runs.min(3) {
        let data = folder.join(format!("own-{run}"));
        own.push(import(&data, &list)?);
        fs::remove_dir_all(data)?;
        reference.push(copy(&folder.join("copy"), &photos)?);
    }
    let beside = median(&reference);
    let what = format!("import of {} rows, distinct photos of 50 kB", plan.rows);
    let references = vec![("reading the photos into one synced file, photos", beside, median(&own) / beside)];
    Ok(vec![Line { what, figure: median(&own), unit: "rows/s", range: range(&own), references }])
}

fn import(data: &Path, list: &WaitingList) -> anyhow::Result<f64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cetak"));
    command.args(["--json", "--data"]).arg(data).arg("import").arg(&list.path);
    let began = Instant::now();
    let printed = output_of(&mut command, "the program could not be started")?;
    let rate = per_second(f64::from(list.rows), began);
    let report: serde_json::Value = serde_json::from_slice(&printed)?;
    ensure!(report["rows"] == list.rows && report["accepted"] == list.count_good(), "a wrong import: {report}");
    Ok(rate)
}

fn import_by_shell(database: &Path, list: &WaitingList) -> anyhow::Result<f64> {
    let mut command = Command::new("sqlite3");
    command.arg(database).arg(format!(".import --csv '{}' t", list.path.display()));
    let began = Instant::now();
    output_of(&mut command, NO_SQLITE)?;
    let rate = per_second(f64::from(list.rows), began);
    let count = output_of(Command::new("sqlite3").arg(database).arg("SELECT COUNT(*) FROM t"), NO_SQLITE)?;
    let count: u32 = String::from_utf8(count)?.trim().parse()?;
    ensure!(count == list.rows, "the reference imported {count} rows of {}", list.rows);
    Ok(rate)
}

/// Gives each row that names a photo that is there one of its own; returns the files.
fn with_own_photos(list: &WaitingList) -> anyhow::Result<Vec<PathBuf>> {
    let folder = list.path.parent().context("a list lies in a folder")?;
    fs::create_dir(folder.join("own"))?;
    let mut reader = csv::Reader::from_path(&list.path)?;
    let header = reader.headers()?.clone();
    let column = header.iter().position(|name| name == "photo").context("the list has photos")?;
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let mut writer = csv::Writer::from_path(&list.path)?;
    writer.write_record(&header)?;
    let mut bytes = noise();
    let mut own = std::collections::HashMap::new();
    let mut files = Vec::new();
    for row in rows {
        let known = row[column].is_empty() || !folder.join(&row[column]).exists();
        // A repeated row must stay the same, so the photo goes with the row and not with its number.
        let key: Vec<String> = row.iter().map(str::to_owned).collect();
        let photo = if known {
            row[column].to_owned()
        } else if let Some(photo) = own.get(&key) {
            String::clone(photo)
        } else {
            let photo = format!("own/{:06}.png", files.len());
            bytes[..8].copy_from_slice(&(files.len() as u64).to_le_bytes());
            let path = folder.join(&photo);
            fs::write(&path, &bytes)?;
            files.push(path);
            own.insert(key, photo.clone());
            photo
        };
        let fields = row.iter().enumerate().map(|(at, field)| if at == column { photo.as_str() } else { field });
        writer.write_record(fields)?;
    }
    writer.flush()?;
    Ok(files)
}

/// Bytes that do not compress, as a photo's.
fn noise() -> Vec<u8> {
    let mut state = 7_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..PHOTO_BYTES).map(next).collect()
}

fn copy(target: &Path, photos: &[PathBuf]) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut file = File::create(target)?;
    for photo in photos {
        file.write_all(&fs::read(photo)?)?;
    }
    file.sync_data()?;
    let count = u32::try_from(photos.len())?;
    let rate = per_second(f64::from(count), began);
    fs::remove_file(target)?;
    Ok(rate)
}
