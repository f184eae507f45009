//! What a printer is doing, or why it prints nothing.

use super::time::local;
use crate::domain::standing::Standing;

/// What a person reads beside the name of the printer. Times are in the office's time zone.
pub fn standing(standing: &Standing, zone: &jiff::tz::TimeZone) -> String {
    match standing {
        Standing::Printing => "sedang mencetak".to_owned(),
        Standing::Ready => "siap".to_owned(),
        Standing::InstanceInDoubt => "basis data mungkin salinan".to_owned(),
        Standing::ClockBehind => "jam komputer tertinggal".to_owned(),
        Standing::Paused { by } => format!("dijeda oleh {by}"),
        Standing::ProfileBroken => "profil kartunya tidak dapat dipakai".to_owned(),
        Standing::NothingWaits => "tidak ada permohonan yang menunggu".to_owned(),
        Standing::PersonsRekeyed => "kunci pencarian orang dari profilnya sedang diganti".to_owned(),
        Standing::NoBlanks { blank_type } => format!("tidak ada blangko jenis `{blank_type}`"),
        Standing::AwaitsApproval { batch } => format!("kelompok cetak {batch} menunggu persetujuan"),
        Standing::NoScheduler => "tidak ada penjadwal yang berjalan: `cetak run`".to_owned(),
        Standing::SettingsWrong => "tidak diketahui, karena pengaturannya salah".to_owned(),
        Standing::WindowClosed { opens: Some(opens) } => format!("jam cetaknya mulai {}", local(opens, zone)),
        Standing::WindowClosed { opens: None } => "jam cetaknya tidak mulai dalam seminggu ini".to_owned(),
        Standing::BreakerLocked => "berulang kali gagal".to_owned(),
        Standing::Stopped => "berhenti".to_owned(),
        Standing::Unreachable => "tidak menjawab".to_owned(),
    }
}
