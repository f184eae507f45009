//! What a night will do.

use super::text::{Text, texts};
use crate::{
    domain::halt::Halt,
    simulation::{Activity, Preparation},
    words::Language,
};

texts! {
    PLAN "What the next night will do" "Perkiraan malam berikutnya";
    NEXT_NIGHT "Next night" "Malam berikutnya";
    PREVIOUS_NIGHT "Previous night" "Malam sebelumnya";
    NIGHT_OF "The night of {}" "Malam {}";
    PLAN_OF "What the night of {} will do" "Perkiraan malam {}";
    PLAN_NEEDED "needed for the next line" "diperlukan untuk baris berikutnya";
    PLAN_TIME "From {} to {}. As things are now; the scheduler decides when it comes to a card." "Dari {} sampai {}. Menurut keadaan sekarang; penjadwal memutuskan ketika giliran kartunya tiba.";
    PLAN_BANDS "A tenth of all nights is below the first number in brackets, a tenth above the second." "Sepersepuluh dari semua malam berada di bawah angka pertama dalam kurung, sepersepuluh di atas angka kedua.";
    PLAN_BAND "{} ({} to {})" "{} ({} sampai {})";
    PLAN_MORE "more cards: {}" "tambahan kartu: {}";
    GOOD_CARDS "Good cards" "Kartu layak";
    RECORDS_WAITING "Records that wait" "Permohonan menunggu";
    BLANKS_LEFT "Blanks left" "Sisa blangko";
    AT_THE_END "At the end" "Pada akhirnya";
    PLAN_END "{} since {} ({} %)" "{} sejak {} ({} %)";
    TO_PREPARE "To do before" "Yang perlu dikerjakan sebelumnya";
    PREPARATION "What" "Pekerjaan";
    BLANKS_TO_LOAD "Blanks" "Blangko";
    FOR_CARDS "For cards" "Untuk kartu";
    IT_GAINS "It gains" "Hasilnya";
    ALL_OF_THEM "All of them together" "Semuanya bersama-sama";
    TO_SETTLE "To settle before" "Yang perlu diselesaikan sebelumnya";
    ALL_PRINTERS "All printers" "Semua printer";
    OBSTACLE "In the way" "Penghalang";
    IS_PAUSED "Paused: it would stay so" "Dijeda: akan tetap begitu";
    IS_STOPPED "Stopped: a person must clear it" "Berhenti: harus dibereskan petugas";
    WHAT_WAITS "What waits" "Yang menunggu";
    TO_DECIDE "To decide before" "Yang perlu diputuskan sebelumnya";
    WHO_IS_IN "Who gets a card" "Siapa yang mendapat kartu";
    IN_RULE "Lower classes come first; in a class, the records that were verified first." "Kelas yang lebih rendah didahulukan; dalam satu kelas, permohonan yang lebih dulu diverifikasi.";
    FIRST_IN "The first that get a card" "Yang pertama mendapat kartu";
    PLANNED "Planned" "Direncanakan";
    PLAN_AND_TRUTH "Planned at {}: {} good cards; there are {}" "Direncanakan pada {}: {} kartu layak; nyatanya {}";
    LOST_PAUSED "paused for {} min" "dijeda {} menit";
    LOST_UNREACHABLE "out of reach for {} min" "tidak terjangkau {} menit";
    LOST_STOPPED "stopped for {} min" "berhenti {} menit";
    LOST_STOPPED_BY "stopped for {} min: {}" "berhenti {} menit: {}";
    NO_BLANKS_LEFT "none is free" "tidak ada yang bebas";
    LOST_RESTED "rested for {} min" "istirahat {} menit";
    LOST_TRAY_FULL "its tray was full for {} min" "baki keluaran penuh {} menit";
    LOST_RIBBON_USED_UP "its ribbon was used up for {} min" "ribbon habis {} menit";
    LOST_CLEANING_DUE "it had to be cleaned for {} min" "perlu dibersihkan {} menit";
    LOST_DAY_LIMIT "it had fed the cards of a day for {} min" "jatah kartu sehari tercapai {} menit";
    LOST_EMPTY_HOPPER "its hopper was empty for {} min" "wadah blangko kosong {} menit";
    LOST_NO_BLANKS "no blanks for {} min" "tidak ada blangko {} menit";
    SAID_RIBBON "cards left on the ribbon: {}" "sisa kartu pada ribbon: {}";
    SAID_TRAY "cards in the output tray: {}" "kartu di baki keluaran: {}";
    SAID_CLEANED "cleaned" "sudah dibersihkan";
    LOST_LOCKED "locked after failures for {} min" "terkunci setelah gagal {} menit";
    SPOILED_BLANKS "spoiled blanks: {}" "blangko rusak: {}";
    PILES "Where the good cards lie" "Letak kartu yang layak";
    IN_THIS_ORDER "Sorted by district, in this order" "Diurutkan menurut kecamatan, dengan urutan ini";
    WHAT_HAPPENED "What happened" "Yang terjadi";
    NEWEST_ONLY "Only the newest are listed" "Hanya yang terbaru yang dicantumkan";
    WHAT_IS_LEFT "What is left" "Yang tersisa";
    BLANK_PLACE "Place" "Tempat";
    NO_PLAN "There is no printer, so nothing will be printed." "Belum ada printer, jadi tidak ada yang akan dicetak.";
}

/// What a printer does, or why it does nothing.
pub(crate) fn activity(activity: Activity, language: Language) -> &'static str {
    let text = match activity {
        Activity::RibbonUsedUp => Text::new("ribbon used up", "ribbon habis"),
        Activity::TrayFull => Text::new("tray full", "baki penuh"),
        Activity::CleaningDue => Text::new("cleaning due", "perlu dibersihkan"),
        Activity::Printing => Text::new("printing", "mencetak"),
        Activity::OutsideWindow => Text::new("window closed", "di luar jam cetak"),
        Activity::Paused => Text::new("paused", "dijeda"),
        Activity::EmptyHopper => Text::new("hopper empty", "wadah kosong"),
        Activity::NoBlanks => Text::new("no blanks", "tidak ada blangko"),
        Activity::Stopped => {
            Text::new("jammed or locked: a person must clear it", "macet atau terkunci: harus dibereskan petugas")
        }
        Activity::RestsByRule => Text::new("resting after its cards", "beristirahat setelah jatah kartunya"),
        Activity::Resting => Text::new("resting after a failure", "beristirahat setelah gagal"),
        Activity::NothingWaits => Text::new("nothing waits", "tidak ada yang menunggu"),
    };
    text.in_language(language)
}

/// What a person does to a printer before a night.
pub(crate) fn preparation(preparation: Preparation, language: Language) -> &'static str {
    let text = match preparation {
        Preparation::Load => Text::new("Load its hopper", "Isi wadah blangkonya"),
        Preparation::Ribbon => Text::new("Put in a new ribbon", "Pasang ribbon baru"),
        Preparation::Tray => Text::new("Empty its output tray", "Kosongkan baki keluarannya"),
        Preparation::Cleaning => Text::new("Clean it", "Bersihkan"),
    };
    text.in_language(language)
}

/// What stopped the feeding of a printer, or stops it.
pub(crate) fn halt(halt: Halt, language: Language) -> &'static str {
    let text = match halt {
        Halt::TrayFull => Text::new("output tray full", "baki keluaran penuh"),
        Halt::RibbonUsedUp => Text::new("ribbon used up", "ribbon habis"),
        Halt::CleaningDue => Text::new("cleaning due", "perlu dibersihkan"),
        Halt::DayLimit => Text::new("cards of a day fed", "jatah kartu sehari tercapai"),
        Halt::EmptyHopper => Text::new("hopper empty", "wadah blangko kosong"),
        Halt::NoBlanks => Text::new("no blanks in the vault", "tidak ada blangko di gudang"),
    };
    text.in_language(language)
}
