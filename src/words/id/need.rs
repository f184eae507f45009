//! What needs a person.

use jiff::tz::TimeZone;

use super::{
    instance::differences,
    message::quote,
    number::thousands,
    operation::operation as operation_name,
    outage::outage,
    printer::{task, who},
    reason::quoted,
    standing::standing,
    time::local,
};
use crate::engine::{
    fault::{Fault, FaultSince},
    query::{FreeBlanks, Need, NeedKind, NoBlanks, ReservedBlanks},
};

/// A need as people read it, with times in the office's zone.
pub fn need(need: &Need, zone: &TimeZone) -> String {
    match &need.kind {
        NeedKind::UncertainCards => "kartu dengan hasil tak pasti".into(),
        NeedKind::QuarantinedRecords => "permohonan yang dikarantina".into(),
        NeedKind::StoppedCards => {
            "kartu tercetak yang harus ditolak, karena permohonannya sudah ditarik atau diubah".into()
        }
        NeedKind::ReprintsToApprove => "cetak ulang yang menunggu persetujuan".into(),
        NeedKind::ActsToConfirm { operation } => {
            format!("tindakan yang menunggu orang kedua: {}", operation_name(*operation))
        }
        NeedKind::BatchesToApprove => "kelompok cetak yang menunggu persetujuan".into(),
        NeedKind::CardsToCheck => "kartu yang harus diperiksa".into(),
        NeedKind::CardsToHandOver => "kartu yang sudah diperiksa dan harus diserahkan".into(),
        NeedKind::CardsToDestroy { blank_type } => {
            format!("kartu rusak jenis `{blank_type}` yang harus dimusnahkan")
        }
        NeedKind::PrinterLocked { printer } => format!("printer `{printer}` berulang kali gagal"),
        NeedKind::PrinterReason { printer, advice, declared_over } => {
            let still = if *declared_over { ", yang masih dilaporkannya setelah `cetak printer clear`" } else { "" };
            let (who, action) = (who(advice.who), task(advice.action));
            format!("{who}, printer `{printer}`: {action} (`{}`{still})", advice.keyword)
        }
        NeedKind::PrinterStopped { printer } => format!("printer `{printer}` berhenti dan tidak menyebut alasannya"),
        NeedKind::NoPrinter { profile } => {
            format!("permohonan profil `{profile}` menunggu, dan tidak ada printer yang mencetak kartunya")
        }
        NeedKind::NoBlanks(no_blanks) => no_blanks_text(no_blanks, zone),
        NeedKind::PersonsRekeyed { profile } => format!(
            "dari profil `{profile}` tidak ada yang dicetak atau diimpor, karena kunci pencarian orangnya belum semua diganti"
        ),
        NeedKind::SettingsWrong { fault } => {
            format!("penjadwal tidak dapat mulai dengan pengaturan ini: {}", quoted(fault))
        }
        NeedKind::ProfileBroken { fault } => {
            format!("printer dengan profil kartu ini tidak mencetak: {}", quoted(fault))
        }
        NeedKind::SchedulerFault(FaultSince { fault, since }) => {
            let since = since.map_or_else(String::new, |since| format!(" sejak {}", local(&since.to_string(), zone)));
            fault_text(fault, &since)
        }
        NeedKind::InstanceInDoubt { doubt } => format!(
            "tidak ada kartu yang dimulai, karena basis data ini mungkin salinan dan aslinya mungkin mencetak di tempat lain: {}",
            differences(doubt)
        ),
        NeedKind::RecordsHeldAtAdoption => {
            "permohonan yang ditahan, karena salinan lain dari basis data mungkin sudah mencetaknya".into()
        }
        NeedKind::ClockBehind => {
            "tidak ada kartu yang dimulai, karena jam komputer tertinggal dari baris audit terbaru: setel jamnya, atau terima \
             bila sudah benar"
                .into()
        }
    }
}

/// Where blanks of the type are.
fn no_blanks_text(no_blanks: &NoBlanks, zone: &TimeZone) -> String {
    let NoBlanks { printer, blank_type, hopper, vault, free, reserved } = no_blanks;
    let place = if *hopper { " di wadahnya" } else { "" };
    let mut what = format!(
        "printer `{printer}` tidak memiliki blangko bebas jenis `{blank_type}`{place}, dan permohonan menunggu"
    );
    if *hopper && *vault > 0 {
        return what + &format!("; di gudang ada {} keping", thousands(*vault));
    }
    if *hopper {
        what += "; gudang kosong";
    }
    if let Some(FreeBlanks { printer: other, blanks }) = free {
        what += &format!("; {} keping bebas di wadah blangko `{other}`", thousands(*blanks));
    }
    if let Some(ReservedBlanks { batch, printer: other, blanks, obstacle }) = reserved {
        let why = obstacle.as_ref().map_or(String::new(), |why| format!(" ({})", standing(why, zone)));
        what +=
            &format!("; {} keping dipesan untuk kelompok cetak {batch} di printer `{other}`{why}", thousands(*blanks));
    }
    what
}

/// The text of a fault of the scheduler. `since` is empty or begins with a space.
fn fault_text(fault: &Fault, since: &str) -> String {
    match fault {
        Fault::DatabaseAway { outage: why } => {
            format!("penjadwal tidak dapat memakai basis data{since}: {}", outage(why))
        }
        Fault::DatabaseNotWritten { outage: why } => {
            format!("tidak ada kartu yang dimulai{since}, karena basis data tidak dapat ditulisi: {}", outage(why))
        }
        Fault::WorkerFails { printer, error } => {
            format!("printer `{printer}` tidak mendapat kartu{since}, karena prosesnya gagal: {}", quote(error))
        }
        Fault::DataFolderUnread { error } => format!(
            "tidak ada kartu yang dimulai{since}, karena basis data tidak dapat dibandingkan dengan folder data: {}",
            quote(error)
        ),
        Fault::SchedulerSuspended { process } => {
            format!("penjadwal, proses {process}, dihentikan sementara{since}")
        }
    }
}
