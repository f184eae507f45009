//! Measures the import of a list with a photo of 50 kB in each row.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use cetak::app::demo::people::WaitingList;

use crate::{
    Figures, Plan, import, settle,
    shared::{
        database::{Database, Lazy},
        table::{Line, number, per_second},
    },
};

const PHOTO_BYTES: usize = 50_000;

pub(crate) fn measure(folder: &Path, list: &WaitingList, server: &Lazy, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let photos = with_own_photos(list)?;
    settle(&photos)?;
    let mut own: Vec<Figures> = plan.kinds.iter().map(|_| Figures::default()).collect();
    let mut copied = Vec::new();
    for run in 0..plan.runs {
        eprintln!("measuring: run {} of {}", run + 1, plan.runs);
        for (kind, figures) in plan.kinds.iter().zip(&mut own) {
            let database = Database::make(*kind, folder, "own", server)?;
            import(&database, list, figures)?;
            database.remove()?;
        }
        copied.push(copy(&folder.join("copy"), &photos)?);
    }
    let lines = plan.kinds.iter().zip(&own).flat_map(|(kind, figures)| {
        let what = format!("{kind}: import of {} rows, distinct photos of 50 kB", number(plan.rows.into()));
        let rows = Line::new(what, "rows/s", &figures.rows);
        let rows = rows.beside("reading the photos into one synced file, photos", &copied);
        [rows, Line::new("its memory at most", "MB", &figures.memory_mb)]
    });
    Ok(lines.collect())
}

/// Gives each row with an existing photo a photo of its own; returns the files.
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
        // A repeated row must stay the same, so the photo belongs to the row's content and not to its number.
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

/// Bytes that do not compress, like those of a photo.
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
