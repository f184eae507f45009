//! What a printer is doing, or why it prints nothing.

use jiff::tz::TimeZone;

use super::{text::Text, time::day_and_time};
use crate::{domain::standing::Standing, words::Language};

/// What stands beside the name of a printer.
pub(crate) fn standing(standing: &Standing, language: Language, zone: &TimeZone) -> String {
    let say = |en, id, values: &[&str]| Text::new(en, id).with(language, values);
    match standing {
        Standing::Printing => say("printing", "sedang mencetak", &[]),
        Standing::Ready => say("ready", "siap", &[]),
        Standing::InstanceInDoubt => say("the database may be a copy", "basis data mungkin salinan", &[]),
        Standing::ClockBehind => say("the clock is behind", "jam tertinggal", &[]),
        Standing::Paused { by } => say("paused by {}", "dijeda oleh {}", &[by]),
        Standing::ProfileBroken => say("its card profile has a fault", "profil kartunya bermasalah", &[]),
        Standing::NothingWaits => say("no record waits", "tidak ada permohonan menunggu", &[]),
        Standing::PersonsRekeyed => {
            say("look-up keys of persons are being made", "kunci pencarian orang sedang dibuat", &[])
        }
        Standing::NoBlanks { blank_type } => say("no blanks of type {}", "blangko jenis {} habis", &[blank_type]),
        Standing::TrayFull => say("its output tray is full", "baki keluaran penuh", &[]),
        Standing::RibbonUsedUp => say("its ribbon is used up", "ribbon habis", &[]),
        Standing::CleaningDue => say("it has to be cleaned", "perlu dibersihkan", &[]),
        Standing::Rests { until } => {
            say("it rests until {}", "istirahat sampai {}", &[&day_and_time(until, language, zone)])
        }
        Standing::AwaitsApproval { batch } => {
            say("batch {} waits for approval", "kelompok cetak {} menunggu persetujuan", &[&batch.to_string()])
        }
        Standing::NoScheduler => say("no scheduler runs", "penjadwal tidak berjalan", &[]),
        Standing::SettingsWrong => say("the settings have a fault", "pengaturan bermasalah", &[]),
        Standing::WindowClosed { opens: Some(opens) } => {
            say("its hours begin {}", "jam cetaknya mulai {}", &[&day_and_time(opens, language, zone)])
        }
        Standing::WindowClosed { opens: None } => {
            say("it has no hours within a week", "tidak ada jam cetak dalam seminggu", &[])
        }
        Standing::BreakerLocked => say("it failed repeatedly", "gagal berulang kali", &[]),
        Standing::Stopped => say("stopped", "berhenti", &[]),
        Standing::HiddenByCount { count } => {
            say("not shown during count {}", "tidak ditampilkan selama stok opname {}", &[&count.to_string()])
        }
        Standing::Unreachable => say("it does not answer", "tidak menjawab", &[]),
    }
}
