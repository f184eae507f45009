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
    SIMULATE "What if" "Simulasi";
    SIMULATE_LEAD "The simulator prints this office in memory, many times, and nothing is changed. Edit the text: other printers, hours, deliveries, faults. A second scenario has the same luck, so that the two can be compared. The numbers in brackets: a tenth of all runs is below the first, a tenth above the second."
        "Simulator mencetak kantor ini di memori berkali-kali, dan tidak ada yang diubah. Ubahlah teksnya: printer, jam, pengiriman, atau gangguan lain. Skenario kedua mengalami nasib yang sama sehingga keduanya dapat dibandingkan. Angka dalam kurung: sepersepuluh dari semua percobaan berada di bawah angka pertama, sepersepuluh di atas angka kedua.";
    SCENARIO "Scenario" "Skenario";
    SCENARIO_AGAINST "Second scenario" "Skenario kedua";
    SCENARIO_TITLE "Title" "Judul";
    FIGURE "Figure" "Angka";
    SCENARIO_TEXT "Scenario (TOML); at first the office as it stands" "Skenario (TOML); semula keadaan kantor sekarang";
    AGAINST_TEXT "Second scenario, to compare; it may stay empty" "Skenario kedua sebagai pembanding; boleh kosong";
    RUNS "Runs" "Jumlah percobaan";
    SEED "Seed: the same one has the same luck" "Benih: angka yang sama memberi nasib yang sama";
    SIMULATE_RUN "Simulate" "Jalankan simulasi";
    OF_RUNS "{} runs, seed {}" "{} percobaan, benih {}";
    LIST_DONE "The list is done" "Daftar selesai";
    LIST_NOT_DONE "not done" "tidak selesai";
    CARDS_TO_FIND "Cards that a person must find" "Kartu yang harus dicari petugas";
    FAILED_TOO_OFTEN "Records that failed too often" "Permohonan yang terlalu sering gagal";
    BOTTLENECK "What holds it up most" "Penghambat utama";
    MORE_GOOD_CARDS "More good cards than in the first" "Kartu layak lebih banyak daripada yang pertama";
    DAYS_LATER "Done later, in days" "Selesai lebih lambat, dalam hari";
    OF_ITS_TIME "Of its time" "Pemakaian waktunya";
    WAITS_BY_CLASS "How long records waited, by class" "Lama permohonan menunggu, menurut kelas";
    WAITS_BY_DISTRICT "How long records waited, by district" "Lama permohonan menunggu, menurut kecamatan";
    MEAN_WAIT "Days, on average" "Rata-rata hari";
    LONGEST_WAIT "Days at most" "Paling lama (hari)";
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
