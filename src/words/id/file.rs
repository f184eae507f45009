//! What is wrong with a spreadsheet and its cells, in words.

use super::message::{list, quote};
use crate::domain::{import::SheetFault, reason::CellFault, refusal::FileRefusal};

/// A refusal of a list in a spreadsheet.
pub(super) fn file_refusal(refusal: &FileRefusal) -> String {
    match refusal {
        FileRefusal::Unreadable { fault } => format!("berkas itu tidak dapat dibaca: {}", unreadable(*fault)),
        FileRefusal::NoSheet { sheet, known } => {
            format!("lembar kerja itu tidak memiliki lembar `{sheet}`; yang ada ialah {}", list(known))
        }
        FileRefusal::OfText => "daftar berupa teks tidak memiliki lembar".into(),
        FileRefusal::ArchiveLists { number } => format!("arsip itu memuat {number} daftar tunggu, seharusnya satu"),
        FileRefusal::Mapping { detail } => format!("pemetaan itu salah: {}", quote(detail)),
        FileRefusal::ConstantColumn { column, letters } => {
            format!("pemetaan menetapkan nilai tetap untuk `{column}`, padahal berkas memiliki kolom itu: {letters}")
        }
        FileRefusal::Merged { area, number } => format!(
            "{number} bagian daftar berupa sel gabungan, yang pertama {area}; tidak ada yang diimpor. Nilainya hanya ada di baris \
             pertama: pisahkan sel itu dan isi setiap barisnya"
        ),
    }
}

/// A value that a table does not have.
pub(super) fn not_in_table(column: &str, known: &[String]) -> String {
    format!("tabel kolom ini{} tidak memuat nilai itu; yang ada ialah {}", in_file(column), list(known))
}

/// A value that is no date.
pub(super) fn not_in_form(column: &str, forms: &[String]) -> String {
    format!("bukan tanggal dalam bentuk untuk kolom ini{}: {}, atau 1980-12-31", in_file(column), list(forms))
}

fn in_file(column: &str) -> String {
    if column.is_empty() { String::new() } else { format!(" ({column} dalam berkas)") }
}

fn unreadable(fault: SheetFault) -> &'static str {
    match fault {
        SheetFault::Damaged => "berkas terpotong atau rusak",
        SheetFault::Expands => "satu bagiannya mengembang jauh melebihi ukurannya",
        SheetFault::TooMany => "baris, kolom, lembar atau formatnya lebih banyak daripada daftar mana pun",
        SheetFault::TextsTooLarge => "teksnya lebih besar dari 256 MiB",
        SheetFault::CellTooLarge => "satu selnya lebih besar dari 1 MiB",
        SheetFault::DocumentType => "berkas memuat tipe dokumen, yang tidak ada pada lembar kerja mana pun",
        SheetFault::Packing => "cara pemampatannya tidak dikenal",
    }
}

/// A cell of a spreadsheet.
pub(super) fn cell(fault: CellFault) -> String {
    let text = match fault {
        CellFault::Rounded => {
            "angka yang hanya disimpan 15 digitnya oleh program lembar kerja; format kolom itu sebagai teks, lalu isi ulang"
        }
        CellFault::Boolean => "nilai TRUE atau FALSE, bukan teks; format kolom itu sebagai teks, lalu isi ulang",
        CellFault::TimeOfDay => "jam, bukan teks; format kolom itu sebagai teks, lalu isi ulang",
        CellFault::NotADay => "angka yang ditampilkan sebagai tanggal, tetapi bukan hari mana pun",
        CellFault::NotCalculated => "rumus tanpa hasil; buka lembar kerja itu, lalu simpan",
        CellFault::OtherError => "galat program lembar kerja",
        CellFault::NotAvailable
        | CellFault::DividedByZero
        | CellFault::UnknownName
        | CellFault::NoIntersection
        | CellFault::NotANumber
        | CellFault::NoReference
        | CellFault::WrongType => {
            return format!("galat `{}` dari sebuah rumus", fault.error_name().unwrap_or_default());
        }
    };
    text.to_owned()
}
