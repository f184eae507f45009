//! The text of each refusal.

use super::{
    account::account_refusal,
    card::no_photo,
    count::count_refusal,
    file::file_refusal,
    import::{file_form, import_refusal},
    message::{list, quote},
    number::thousands,
    objection::objections as all,
    operation::{act_noun, operation as operation_name},
    person_keys::person_keys,
    printer_use::in_use,
    reason::{quoted, rendering, sealed},
    record_rule::record_state,
    state::{attempt_state, batch_state, pending_state, record_state as state_of},
    thing::thing,
};
use crate::domain::{
    permission::Operation,
    refusal::{AttemptRule, BatchRule, Refusal},
    stock::Place,
};

/// What a refusal says to a person.
#[expect(clippy::too_many_lines, reason = "one arm for each refusal")]
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoRecord { source, request_id } => {
            format!("sumber `{source}` tidak memiliki permohonan `{request_id}`")
        }
        Refusal::NoName => "tidak ada permohonan atas nama ini".into(),
        Refusal::NoPerson { profiles, has_form: true } => {
            format!("tidak ada permohonan profil {} untuk orang dengan nomor identitas ini", list(profiles))
        }
        Refusal::NoPerson { profiles, has_form: false } => {
            format!("ini bukan nomor identitas menurut profil {}", list(profiles))
        }
        Refusal::NoPrinter { printer } => format!("tidak ada printer bernama `{printer}`"),
        Refusal::NoSource { source, .. } => format!("tidak ada sumber bernama `{source}` yang diambil daftarnya"),
        Refusal::NoProfile { profile, .. } => format!("tidak ada profil kartu bernama `{profile}`"),
        Refusal::ProfileBroken { profile, detail } => {
            format!("profil kartu `{profile}` tidak dapat dipakai: {}", quoted(detail))
        }
        Refusal::NoBlankType { blank_type, .. } => {
            format!("tidak ada profil kartu yang memakai blangko jenis `{blank_type}`")
        }
        Refusal::NoAccount { account, .. } => format!("buku stok tidak memiliki pos `{account}`"),
        Refusal::NoBatch { batch } => format!("tidak ada kelompok cetak {batch}"),
        Refusal::NoJob { job } => format!("tidak ada pekerjaan cetak {job}"),
        Refusal::NoAttempt { attempt } => format!("tidak ada upaya cetak `{attempt}`"),
        Refusal::NoMovement { movement } => format!("buku stok tidak memiliki mutasi {movement}"),
        Refusal::NoAct { act } => format!("tidak ada tindakan atau izin cetak ulang {act}"),
        Refusal::InBatch { record, batch, printer, before } => format!(
            "{} sudah masuk kelompok cetak {batch} di printer `{printer}`, pada urutan {} dari kartu yang mengantre",
            thing(record),
            before + 1
        ),
        Refusal::RecordState { record, found, needs } => record_state(record, *found, *needs),
        Refusal::OtherRequest { record, found, other, state } => format!(
            "{} berstatus {}; {} dari orang yang sama berstatus {}, padahal satu orang hanya berhak atas satu kartu",
            thing(record),
            state_of(*found),
            thing(other),
            state_of(*state)
        ),
        Refusal::BatchState { batch, found, needs } => {
            let needed = match needs {
                BatchRule::Open => "hanya kelompok cetak yang belum ditutup yang dapat diubah",
                BatchRule::Planned => "hanya kelompok cetak yang direncanakan yang dapat disetujui",
            };
            format!("kelompok cetak {batch} berstatus {}; {needed}", batch_state(*found))
        }
        Refusal::AttemptState { attempt, found, needs, archived } => {
            let archived = if *archived { ", dan sudah diarsipkan" } else { "" };
            let needed = match needs {
                AttemptRule::Uncertain => "hanya upaya cetak yang tak pasti yang dapat diputuskan",
                AttemptRule::Open => "hanya upaya cetak yang masih berjalan yang dapat dinyatakan tak pasti",
            };
            format!("upaya cetak `{attempt}` berstatus {}{archived}; {needed}", attempt_state(*found))
        }
        Refusal::SentElsewhere { record, printer, attempt } => format!(
            "{} tidak dapat dilepas: basis data lain sudah mengirimkannya ke printer `{printer}` sebagai {attempt}",
            thing(record)
        ),
        Refusal::ActDecided { act, operation, found } => {
            let noun = act_noun(*operation);
            let state = pending_state(*found);
            format!("{noun} {act} berstatus {state}; setiap {noun} hanya diputuskan satu kali")
        }
        Refusal::ActExpired { act, operation } => format!("{} {act} sudah kedaluwarsa", act_noun(*operation)),
        Refusal::ActTargetChanged { act, operation, target } => format!(
            "{} berubah setelah {} {act} diminta, jadi permintaan itu tidak dilaksanakan",
            thing(target),
            act_noun(*operation)
        ),
        Refusal::ActTargetGone { act, operation, target } => {
            format!("{} sudah tidak ada, jadi {} {act} tidak dilaksanakan", thing(target), act_noun(*operation))
        }
        Refusal::ActWaits { act, operation } => {
            format!("{} {act} meminta hal yang sama dan masih menunggu orang kedua", act_noun(*operation))
        }
        Refusal::ActRepeated { act, operation, other } => {
            let noun = act_noun(*operation);
            format!(
                "{noun} {other} meminta hal yang sama dan sudah dilaksanakan setelah {noun} {act} diminta, jadi {noun} {act} tidak \
                 dilaksanakan"
            )
        }
        Refusal::OwnerThere { attempt, process, host } => format!(
            "{} masih mungkin mengirim kartu dari upaya cetak `{attempt}`, entah sedang berjalan atau terhenti sementara",
            owner(*process, host)
        ),
        Refusal::OwnerUnknown { attempt, process, host } => format!(
            "{} masih mungkin mengirim kartu dari upaya cetak `{attempt}`: dari sini tidak dapat dilihat apakah itu sudah \
             berakhir",
            owner(*process, host)
        ),
        Refusal::PrinterStillAnswers { printer, attempt } => {
            format!("printer `{printer}` masih menjawab tentang upaya cetak `{attempt}`, jadi hasilnya dapat diketahui")
        }
        Refusal::MatchingNumber { is_none: true, .. } => {
            "tidak ada permohonan cocok yang statusnya sesuai untuk tindakan ini".into()
        }
        Refusal::MatchingNumber { is_none: false, most } => {
            format!(
                "lebih dari {} permohonan cocok, sedangkan tindakan ini dilaksanakan sekaligus untuk semuanya",
                thousands(*most)
            )
        }
        Refusal::FiltersExclude => {
            "permohonan disaring menurut kelompok cetak atau menurut waktu cetak, tidak keduanya sekaligus".into()
        }
        Refusal::NewDistrict { district } => {
            format!("`{district}` bukan kecamatan yang dikenal, dan belum dinyatakan sebagai kecamatan baru")
        }
        Refusal::UnknownFilter { filter, value, .. } => format!("tidak ada {} bernama `{value}`", filter_name(filter)),
        Refusal::NotAReasonCode => "ini bukan kode alasan".into(),
        Refusal::NoSuchClass { record, profile, class, known, own } => format!(
            "tidak ada jenis permohonan profil `{profile}` dengan kelas {class} (yang ada: {}); {} biasanya di kelas {own}",
            known.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
            thing(record)
        ),
        Refusal::RecordUnreadable { record, fault } => {
            format!("data {} yang tersimpan {}", thing(record), sealed(*fault))
        }
        Refusal::CardNotRendered { record, fault } => {
            format!("gambar kartu untuk {} tidak dapat dibuat: {}", thing(record), rendering(fault))
        }
        Refusal::ProfileNotRendered { profile, detail } => {
            format!("gambar kartu profil `{profile}` tidak dapat dibuat: {}", quoted(detail))
        }
        Refusal::NoPhoto { record, fault } => no_photo(record, *fault),
        Refusal::NoBack { profile } => format!("kartu profil `{profile}` tidak memiliki sisi belakang"),
        Refusal::NotAReprintReason { profile, .. } => {
            format!("alasan itu bukan alasan cetak ulang menurut profil `{profile}`")
        }
        Refusal::SamePerson { act, operation: Operation::ReprintApprove } => {
            format!("izin cetak ulang {act} diminta oleh orang yang sama; orang lain yang harus menyetujuinya")
        }
        Refusal::SamePerson { act, .. } => {
            format!("tindakan {act} diminta oleh orang yang sama; orang lain yang harus mengonfirmasinya")
        }
        Refusal::OtherPerson { act, operation } => format!(
            "{} {act} diminta oleh orang lain, dan hanya orang itu yang dapat menariknya kembali",
            act_noun(*operation)
        ),
        Refusal::SecondPersonNeeded { operation } => {
            format!("operasi {} memerlukan orang kedua untuk pernyataan ini", operation_name(*operation))
        }
        Refusal::NoRight { operation } => {
            format!("operasi {} memerlukan peran yang tidak Anda miliki", operation_name(*operation))
        }
        Refusal::Account(refusal) => account_refusal(refusal),
        Refusal::Count(refusal) => count_refusal(refusal),
        Refusal::File(refusal) => file_refusal(refusal),
        Refusal::Import(refusal) => import_refusal(refusal),
        Refusal::SerialRange { serials } => format!("`{serials}` bukan rentang nomor seri"),
        Refusal::SerialCount { serials, count, quantity } => format!(
            "nomor seri `{serials}` mencakup {} keping, sedangkan jumlahnya {}; tidak ada yang dibukukan",
            thousands(*count),
            thousands(*quantity)
        ),
        Refusal::SerialsWithoutLot => "nomor seri diberikan tanpa lotnya".into(),
        Refusal::LotExists { lot } => {
            format!("lot `{lot}` sudah ada, dan lot dengan nomor seri hanya diterima satu kali")
        }
        Refusal::SerialsBooked { serials, lot } => format!("nomor seri {serials} sudah ada dalam lot `{lot}`"),
        Refusal::DeliveryBooked { movement, document, lot, quantity, at } => format!(
            "penerimaan dengan dokumen `{document}` sudah dibukukan untuk lot `{lot}`: mutasi {movement} pada {at}, {} keping",
            thousands(*quantity)
        ),
        Refusal::NotADelivery { movement } => {
            format!("mutasi {movement} bukan penerimaan blangko, dan hanya penerimaan yang dapat dibatalkan")
        }
        Refusal::DeliveryNotTooLarge { movement, booked, delivered } => format!(
            "untuk penerimaan {movement} dibukukan {} keping, dan itu tidak lebih dari {}",
            thousands(*booked),
            thousands(*delivered)
        ),
        Refusal::SerialsReversedWhole { movement } => {
            format!("penerimaan {movement} memiliki nomor seri, jadi hanya dapat dibatalkan seluruhnya")
        }
        Refusal::DeliveryInUse { movement, blank_type, lot, wanted, free } => format!(
            "{} keping dari penerimaan {movement} tidak dapat ditarik kembali: untuk jenis `{blank_type}`, lot `{lot}`, yang \
             bebas di gudang {} keping",
            thousands(*wanted),
            thousands(*free)
        ),
        Refusal::HopperFull { printer, capacity, loaded } => {
            format!("wadah blangko `{printer}` memuat {capacity} keping dan sudah berisi {loaded}")
        }
        Refusal::HopperNotCounted { printer } => {
            format!("wadah blangko `{printer}` tidak dihitung tersendiri; blangkonya dibukukan di gudang")
        }
        Refusal::HopperReserved { printer, batch, wanted, free, reserved } => format!(
            "{wanted} keping tidak dapat dikeluarkan: di wadah blangko `{printer}` ada {free} yang bebas, dan {reserved} yang \
             dipesan untuk kelompok cetak {batch}"
        ),
        Refusal::TooFewBlanks { blank_type, account, wanted, available } => format!(
            "pos `{account}` kekurangan blangko jenis `{blank_type}`: ada {} keping, diperlukan {}",
            thousands(*available),
            thousands(*wanted)
        ),
        Refusal::CountBelowReserved { short, free } => format!(
            "hasil hitung {} keping lebih rendah daripada pembukuan, padahal yang tidak dipesan untuk kelompok cetak {} keping",
            thousands(*short),
            thousands(*free)
        ),
        Refusal::CountAboveMissing { over, missing } => format!(
            "hasil hitung {} keping lebih tinggi daripada pembukuan, padahal yang dibukukan hilang {} keping",
            thousands(*over),
            thousands(*missing)
        ),
        Refusal::NoFreeBlank { blank_type, place } => {
            let place = match place {
                Place::Printer(_) => "wadah blangko",
                Place::Vault => "gudang",
            };
            format!("{place} tidak memiliki blangko jenis `{blank_type}` yang bebas untuk kartu uji")
        }
        Refusal::SourceName { name } => format!("`{name}` tidak sah sebagai nama sumber"),
        Refusal::PrinterExists { printer } => format!("sudah ada printer bernama `{printer}`"),
        Refusal::TooManyPrinters { most } => format!("satu kantor memiliki paling banyak {most} printer"),
        Refusal::AddressTaken { printer } => format!("printer `{printer}` sudah ada di alamat itu"),
        Refusal::PrinterSetup { printer, detail } => {
            format!("printer `{printer}` tidak dapat dipakai: {}", quoted(detail))
        }
        Refusal::PrinterObjections { printer, objections, .. } => {
            format!("printer `{printer}` tidak aman dipakai: {}", all(objections))
        }
        Refusal::PrinterInUse { printer, by } => in_use(printer, by),
        Refusal::PrinterUnchanged { printer } => format!("printer `{printer}` sudah memiliki pengaturan ini"),
        Refusal::HopperHolds { printer, capacity, loaded } => {
            format!("wadah blangko `{printer}` berisi {loaded} keping, lebih dari {capacity}")
        }
        Refusal::RestIncomplete { printer } => {
            format!("istirahat printer `{printer}` memerlukan jumlah kartu dan jumlah menit")
        }
        Refusal::NothingSaid { printer } => format!("tidak ada yang dinyatakan tentang isi printer `{printer}`"),
        Refusal::SupplyNotCounted { printer } => {
            format!("printer `{printer}` tidak memiliki batas untuk itu, sehingga tidak dihitung")
        }
        Refusal::PrinterFull { printer } => {
            format!("baki keluaran printer `{printer}` penuh, atau ribbonnya habis")
        }
        Refusal::PrinterUnreachable { printer, address } => {
            format!("printer `{printer}` tidak dapat dijangkau di {address}")
        }
        Refusal::PrinterFailed { printer, address, detail } => {
            format!("printer `{printer}` di {address} tidak menjawab sebagaimana mestinya: {}", quoted(detail))
        }
        Refusal::Scenario { detail, .. } => format!("skenario tidak dapat disimulasikan: {}", quoted(detail)),
        Refusal::TooManyRuns { most: 0 } => "skenario ini terlalu besar untuk disimulasikan di sini".to_owned(),
        Refusal::TooManyRuns { most } => {
            format!("simulasi akan terlalu lama; paling banyak {} percobaan", thousands(*most))
        }
        Refusal::PlanTime { days } => format!(
            "rencana dimulai dalam {days} hari sejak sekarang, dan berakhir setelah itu, paling lama {days} hari kemudian"
        ),
        Refusal::NightToCome { evening } => format!("malam {evening} belum mulai"),
        Refusal::NoFormat { printer } => {
            format!("printer `{printer}` tidak menerima satu pun format dokumen untuk gambar kartu")
        }
        Refusal::HeaderUnreadable { detail } => {
            format!("baris judul berkas tidak dapat dibaca: {}", quoted(detail))
        }
        Refusal::HeaderQuote => "tanda petik di baris judul berkas tidak ditutup".into(),
        Refusal::HeaderTooLong { most } => format!("baris pertama berkas lebih panjang dari {} KiB", most / 1024),
        Refusal::TooManyColumns { most } => {
            format!("berkas memiliki lebih dari {} kolom", thousands(i64::try_from(*most).unwrap_or(i64::MAX)))
        }
        Refusal::FileForm { form } => file_form(*form),
        Refusal::ColumnTwice { column, letters } => {
            let heading = column.as_ref().map_or("judul yang sama".to_owned(), |column| format!("judul `{column}`"));
            format!("berkas memiliki dua kolom dengan {heading}; yang kedua ialah kolom {letters}")
        }
        Refusal::ColumnsMissing { columns, .. } => format!("berkas tidak memiliki kolom {}", list(columns)),
        Refusal::TitleLines { lines } => {
            let lines_of_title = match lines {
                1 => "baris 1 tampaknya judul".to_owned(),
                _ => format!("baris 1 sampai {lines} tampaknya judul"),
            };
            format!("{lines_of_title}; nama-nama kolom daftar itu ada di baris {}", lines + 1)
        }
        Refusal::RowUnreadable { row, line, detail } => {
            format!("data ke-{row} (baris {line}) tidak dapat dibaca: {}; tidak ada yang diimpor", quoted(detail))
        }
        Refusal::RowEndless { row, line } => format!(
            "data ke-{row} (baris {line}) tidak berakhir: tanda petik di dalamnya tidak ditutup, atau lebih panjang dari 64 \
             KiB; tidak ada yang diimpor"
        ),
        Refusal::ManyWithdrawals { withdrawn, known, held } => {
            let number = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
            let held = match held {
                0 => String::new(),
                held => format!(
                    ", dan {} di antaranya yang menunggu ditahan sampai daftar yang benar datang",
                    number(*held)
                ),
            };
            format!(
                "daftar ini akan menarik {} dari {} permohonan yang dikenal; tidak ada yang diimpor{held}",
                number(*withdrawn),
                number(*known),
            )
        }
        Refusal::RoundedIdentifiers { rounded, all } => format!(
            "{rounded} dari {all} nomor identitas berakhiran nol, jadi program lembar kerja telah membulatkannya; tidak ada \
             yang diimpor"
        ),
        Refusal::ListChanged => {
            "berkas berubah saat sedang diimpor; paling banyak baris sebelum perubahan itu yang sudah diimpor".into()
        }
        Refusal::PersonKeys { profile, fault } => person_keys(profile, fault),
        Refusal::ReadingFailed => "berkas gagal dibaca".into(),
        Refusal::PhotoChanged => "sebuah foto diganti saat daftar sedang diimpor".into(),
        Refusal::FileExists { file } => format!("`{file}` sudah ada, dan tidak ditimpa"),
        Refusal::BackupName { file } => format!("`{file}` bukan nama yang diterima SQLite"),
        Refusal::BackupOfServer => {
            "basis data berada di server PostgreSQL, yang tidak dapat disalin dengan `cetak db backup`".into()
        }
        Refusal::BackupUnsound { rule, thing, fault } => format!(
            "cadangan dibuang: pemeriksaan {} gagal untuk {} ({})",
            quote(rule),
            self::thing(thing),
            quote(fault)
        ),
        Refusal::AlreadyOnServer => "basis data sudah berada di server PostgreSQL".into(),
        Refusal::ServerAddress => "tujuannya bukan alamat basis data PostgreSQL".into(),
        Refusal::MoveUnsound { rule, moved: false } => {
            format!("tidak ada yang dipindahkan: pemeriksaan {} gagal untuk basis data ini", quote(rule))
        }
        Refusal::MoveUnsound { rule, moved: true } => {
            format!("pemeriksaan {} gagal untuk basis data yang baru", quote(rule))
        }
        Refusal::InstanceInDoubt => {
            "tidak ada yang dicetak, karena basis data ini mungkin salinan dan aslinya mungkin mencetak di tempat lain"
                .into()
        }
        Refusal::NothingToAdopt => {
            "basis data cocok dengan `cetak.heads` di folder data ini: tidak perlu diambil alih".into()
        }
        Refusal::NodeTaken { node, process, host, .. } => {
            format!("penjadwal lain sudah memakai nama simpul `{node}`: proses {process} di `{host}`")
        }
    }
}

/// The process that began an attempt.
fn owner(process: i64, host: &str) -> String {
    match process {
        0 => "penjadwal versi terdahulu".to_owned(),
        process => format!("proses {process} di `{host}`"),
    }
}

/// What a filter of a list is called.
fn filter_name(filter: &str) -> &str {
    match filter {
        "source" => "sumber",
        "profile" => "profil kartu",
        "district" => "kecamatan",
        "kind" => "jenis permohonan",
        "code" => "kode alasan",
        "blank-type" => "jenis blangko",
        "account" => "pos",
        "outcome" => "hasil",
        "chain" => "rantai audit",
        other => other,
    }
}
