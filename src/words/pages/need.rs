//! What needs a person, and the place where it is settled.

use jiff::tz::TimeZone;

use super::{
    printer::task,
    source::source_fault,
    text::Text,
    time::{day_and_time, number},
};
use crate::{
    domain::id::CountId,
    engine::{
        fault::{Fault, FaultSince},
        query::{Need, NeedKind, NoBlanks},
    },
    words::Language,
};

/// Where a need is settled. The pages make an address of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// The inspection of cards with an unknown outcome.
    Inspection,
    /// The records in a state.
    RecordsIn(&'static str),
    /// The records that wait.
    HeldRecords,
    /// The cards to be rejected.
    StoppedCards,
    /// Acts that wait for a second person.
    Acts,
    /// The batches.
    Batches,
    /// The quality check.
    QualityCheck,
    /// The hand-over.
    HandOver,
    /// The cards that were not collected in their districts.
    Uncollected,
    /// The blanks.
    Stock,
    /// One count of blanks.
    Count(CountId),
    /// One printer.
    Printer(String),
    /// A new printer.
    NewPrinter,
    /// The state of the database.
    Database,
    /// One source.
    Source(String),
}

/// What a need says, and where it is settled.
#[expect(clippy::too_many_lines, reason = "one arm for each need")]
pub(crate) fn need(need: &Need, language: Language, zone: &TimeZone) -> (String, Place) {
    let say = |en, id, values: &[&str], place| (Text::new(en, id).with(language, values), place);
    match &need.kind {
        NeedKind::UncertainCards => {
            say("cards with an unknown outcome", "kartu dengan hasil tak pasti", &[], Place::Inspection)
        }
        NeedKind::QuarantinedRecords => {
            say("quarantined records", "permohonan dalam karantina", &[], Place::RecordsIn("quarantined"))
        }
        NeedKind::StoppedCards => say(
            "printed cards whose records were withdrawn or changed since: reject them",
            "kartu tercetak yang permohonannya ditarik atau berubah: tolak kartunya",
            &[],
            Place::StoppedCards,
        ),
        NeedKind::ReprintsToApprove => {
            say("reprints that wait for approval", "cetak ulang yang menunggu persetujuan", &[], Place::Acts)
        }
        NeedKind::ActsToConfirm { operation } => say(
            "waits for a second person: {}",
            "menunggu orang kedua: {}",
            &[language.operation(*operation)],
            Place::Acts,
        ),
        NeedKind::BatchesToApprove => {
            say("batches that wait for approval", "kelompok cetak yang menunggu persetujuan", &[], Place::Batches)
        }
        NeedKind::CardsToCheck => {
            say("cards to be checked", "kartu yang perlu diperiksa mutunya", &[], Place::QualityCheck)
        }
        NeedKind::CardsToHandOver => {
            say("checked cards to be handed over", "kartu layak yang perlu diserahkan", &[], Place::HandOver)
        }
        NeedKind::CardsUncollected => say(
            "cards that were sent to districts long ago and not handed over",
            "kartu yang sudah lama dikirim ke kecamatan dan belum diserahkan",
            &[],
            Place::Uncollected,
        ),
        NeedKind::CountWaits { number: count, blank_type, printer, state, since } => {
            let since = day_and_time(since, language, zone);
            let (number, state) = (count.to_string(), language.count_state(*state));
            let place = Place::Count(*count);
            match printer {
                Some(printer) => say(
                    "count {} of hopper {}, type {}, {} (since {})",
                    "stok opname {} wadah {}, jenis {}, {} (sejak {})",
                    &[&number, printer, blank_type, state, &since],
                    place,
                ),
                None => say(
                    "count {} of the vault, type {}, {} (since {})",
                    "stok opname {} gudang, jenis {}, {} (sejak {})",
                    &[&number, blank_type, state, &since],
                    place,
                ),
            }
        }
        NeedKind::CardsToDestroy { blank_type } => say(
            "spoiled cards of type {} to be destroyed",
            "kartu rusak jenis {} yang perlu dimusnahkan",
            &[blank_type],
            Place::Stock,
        ),
        NeedKind::PrinterLocked { printer } => say(
            "printer {} failed repeatedly",
            "printer {} gagal berulang kali",
            &[printer],
            Place::Printer(printer.clone()),
        ),
        NeedKind::PrinterReason { printer, advice, declared_over } => {
            let (en, id) = if *declared_over {
                (
                    "printer {}: {} ({}; it still says so after it was cleared)",
                    "printer {}: {} ({}; masih dilaporkan setelah dinyatakan beres)",
                )
            } else {
                ("printer {}: {} ({})", "printer {}: {} ({})")
            };
            let task = task(advice.action).in_language(language);
            say(en, id, &[printer, task, &advice.keyword], Place::Printer(printer.clone()))
        }
        NeedKind::TrayFull { printer } => say(
            "printer {}: its output tray is full; empty it, then say so",
            "printer {}: baki keluaran penuh; kosongkan, lalu nyatakan",
            &[printer],
            Place::Printer(printer.clone()),
        ),
        NeedKind::RibbonUsedUp { printer, .. } => say(
            "printer {}: its ribbon is used up; put in another one, then say so",
            "printer {}: ribbon habis; pasang yang baru, lalu nyatakan",
            &[printer],
            Place::Printer(printer.clone()),
        ),
        NeedKind::CleaningDue { printer } => say(
            "printer {}: it has to be cleaned; do so, then say so",
            "printer {}: perlu dibersihkan; bersihkan, lalu nyatakan",
            &[printer],
            Place::Printer(printer.clone()),
        ),
        NeedKind::PrinterStopped { printer } => say(
            "printer {} is stopped and gives no reason for it",
            "printer {} berhenti tanpa memberi alasan",
            &[printer],
            Place::Printer(printer.clone()),
        ),
        NeedKind::NoPrinter { profile } => say(
            "records of profile {} wait, and no printer prints its cards",
            "permohonan profil {} menunggu, dan tidak ada printer yang mencetak kartunya",
            &[profile],
            Place::NewPrinter,
        ),
        NeedKind::NoBlanks(no_blanks) => no_blanks_text(no_blanks, language),
        NeedKind::PersonsRekeyed { profile } => say(
            "nothing of profile {} is printed: its look-up keys of persons are being made",
            "tidak ada yang dicetak dari profil {}: kunci pencarian orangnya sedang dibuat",
            &[profile],
            Place::Database,
        ),
        NeedKind::SettingsWrong { .. } => say(
            "the settings have a fault, and no scheduler starts with them",
            "pengaturan bermasalah, dan penjadwal tidak dapat dijalankan dengannya",
            &[],
            Place::Database,
        ),
        NeedKind::ProfileBroken { .. } => say(
            "a card profile has a fault, and its printers print nothing",
            "sebuah profil kartu bermasalah, dan printernya tidak mencetak",
            &[],
            Place::Database,
        ),
        NeedKind::SchedulerFault(fault) => fault_text(fault, language, zone),
        NeedKind::InstanceInDoubt { .. } => say(
            "the database may be a copy, and the original may print elsewhere: adopt it, or switch this one off",
            "basis data mungkin salinan, dan aslinya mungkin mencetak di tempat lain: ambil alih, atau matikan yang ini",
            &[],
            Place::Database,
        ),
        NeedKind::RecordsHeldAtAdoption => say(
            "records that are held, as another copy of the database may have printed them",
            "permohonan ditahan, karena salinan lain basis data mungkin sudah mencetaknya",
            &[],
            Place::HeldRecords,
        ),
        NeedKind::SourceAway { source, fault, since } => say(
            "source {} is away since {}: {}",
            "sumber {} tidak terjangkau sejak {}: {}",
            &[source, &day_and_time(since, language, zone), source_fault(*fault).in_language(language)],
            Place::Source(source.clone()),
        ),
        NeedKind::ListsRefused { source, .. } => say(
            "files of source {} were refused",
            "berkas dari sumber {} ditolak",
            &[source],
            Place::Source(source.clone()),
        ),
        NeedKind::ClockBehind => say(
            "the clock is behind the newest audit row: set it, or accept it if it is right",
            "jam tertinggal dari baris audit terbaru: setel, atau terima jika sudah benar",
            &[],
            Place::Database,
        ),
    }
}

fn no_blanks_text(no_blanks: &NoBlanks, language: Language) -> (String, Place) {
    let NoBlanks { printers, blank_type, hopper, vault, free, reserved } = no_blanks;
    let say = |en, id, values: &[&str]| Text::new(en, id).with(language, values);
    let has = if printers.len() > 1 {
        "printers {} have no free blanks of type {}, and records wait"
    } else {
        "printer {} has no free blanks of type {}, and records wait"
    };
    let id = "printer {} kehabisan blangko jenis {}, dan permohonan menunggu";
    let mut what = say(has, id, &[&printers.join(", "), blank_type]);
    if *hopper && *vault > 0 {
        what += &say("; the vault has {}", "; di gudang ada {}", &[&number(*vault, language)]);
        let place = printers.first().map_or(Place::Stock, |first| Place::Printer(first.clone()));
        return (what, place);
    }
    if let Some(free) = free {
        let blanks = number(free.blanks, language);
        what += &say("; {} are in the hopper of {}", "; {} ada di wadah {}", &[&blanks, &free.printer]);
    }
    if let Some(reserved) = reserved {
        let (blanks, batch) = (number(reserved.blanks, language), reserved.batch.to_string());
        what += &say(
            "; {} are reserved for batch {} on printer {}",
            "; {} dialokasikan untuk kelompok cetak {} di printer {}",
            &[&blanks, &batch, &reserved.printer],
        );
    }
    (what, Place::Stock)
}

fn fault_text(fault: &FaultSince, language: Language, zone: &TimeZone) -> (String, Place) {
    let say = |en, id, values: &[&str], place| (Text::new(en, id).with(language, values), place);
    let (mut text, place) = match &fault.fault {
        Fault::DatabaseAway { .. } => say(
            "the scheduler cannot use the database",
            "penjadwal tidak dapat memakai basis data",
            &[],
            Place::Database,
        ),
        Fault::DatabaseNotWritten { .. } => say(
            "no card starts, because the database cannot be written",
            "tidak ada kartu dimulai, karena basis data tidak dapat ditulis",
            &[],
            Place::Database,
        ),
        Fault::WorkerFails { printer, .. } => say(
            "printer {} gets no card, because its worker fails; the log has the cause",
            "printer {} tidak mendapat kartu, karena prosesnya gagal; sebabnya ada di log",
            &[printer],
            Place::Printer(printer.clone()),
        ),
        Fault::DataFolderUnread { .. } => say(
            "no card starts, because the data folder cannot be read",
            "tidak ada kartu dimulai, karena folder data tidak dapat dibaca",
            &[],
            Place::Database,
        ),
        Fault::SchedulerSuspended { .. } => {
            say("the scheduler is suspended", "penjadwal ditangguhkan", &[], Place::Database)
        }
    };
    if let Some(since) = fault.since {
        let since = day_and_time(&since.to_string(), language, zone);
        text += &Text::new(" (since {})", " (sejak {})").with(language, &[&since]);
    }
    (text, place)
}
