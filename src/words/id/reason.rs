//! The text of each reason that the program gives.

use super::{
    file::{cell, not_in_form, not_in_table},
    message::{Message, quote},
    number::thousands,
    printer::printer_condition,
};
use crate::domain::reason::{Detail, DriverFault, IdentifierFault, PhotoFault, Reason, RenderFault, SealedFault};

/// A reason in words.
#[expect(clippy::too_many_lines, reason = "one arm for each reason")]
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::OpenQuote { rows, first_line, last_line } => format!(
            "berisi {} baris lagi yang mirip baris data (baris {first_line} sampai {last_line}): tanda petik di dalamnya tidak \
             ditutup",
            thousands(u64::try_from(*rows).unwrap_or(u64::MAX))
        ),
        Reason::FieldCount { found, expected } => {
            format!("berisi {found} kolom, sedangkan baris judulnya {expected}")
        }
        Reason::RowTooLong { most } => format!("lebih panjang dari {} KiB", most / 1024),
        Reason::NotUtf8 => "bukan UTF-8; jika seluruh daftar memakai pengodean lain, sebutkan pengodeannya".into(),
        Reason::NotAnObject => "bukan objek JSON".into(),
        Reason::NotAValue => "bukan teks dan bukan bilangan bulat".into(),
        Reason::KeyTwice => "ada dua kunci untuk kolom ini".into(),
        Reason::HiddenCharacter { code_point } => {
            format!("mengandung karakter U+{code_point:04X}, yang tidak terlihat")
        }
        Reason::Cell { fault } => cell(*fault),
        Reason::NotInTable { column, known } => not_in_table(column, known),
        Reason::NotInForm { column, forms } => not_in_form(column, forms),
        Reason::Scientific => {
            "angka seperti 3,3E+15, yang sebagian digitnya hilang di program lembar kerja; format kolom itu sebagai teks".into()
        }
        Reason::Missing => "tidak ada".into(),
        Reason::TooLong { most } => format!("lebih panjang dari {most} bita"),
        Reason::NotARequestId => {
            "bukan nomor permohonan, yang mengandung angka dan tidak mengandung spasi: mungkin kolom-kolom daftarnya tertukar"
                .into()
        }
        Reason::UnknownStatus { like: Some(like) } => {
            format!("bukan status menurut profil; yang ada ialah `{like}`")
        }
        Reason::UnknownStatus { like: None } => "bukan status menurut profil".into(),
        Reason::UnknownKind => "bukan jenis permohonan menurut profil".into(),
        Reason::Status { status } => format!("berstatus `{status}`"),
        Reason::StatusAfter { status, before } => {
            format!("berstatus `{status}`; sebelumnya: {}", self::reason(before))
        }
        Reason::ImportUndone { import, before: None } => format!("impor {import} dibatalkan"),
        Reason::ImportUndone { import, before: Some(before) } => {
            format!("impor {import} dibatalkan; sebelumnya: {}", self::reason(before))
        }
        Reason::WithdrawalNotAccepted => {
            "seharusnya ditarik oleh sebuah daftar, tetapi daftar itu tidak diterima".into()
        }
        Reason::Identifier { fault } => identifier(*fault),
        Reason::NotADate => "bukan tanggal seperti 1980-12-31".into(),
        Reason::NotAnInstant => "bukan waktu seperti 2015-08-31T10:00:00+07:00".into(),
        Reason::InTheFuture => "berada di masa depan".into(),
        Reason::Expired { column } => format!("tanggal pada `{column}` sudah lewat, sehingga kartunya tidak berlaku"),
        Reason::Photo { fault } => photo(*fault).into(),
        Reason::NotRendered(fault) => rendering(fault),
        Reason::Unreadable { fault } => format!("data yang tersimpan {}", sealed(*fault)),
        Reason::OtherProfile => "permohonan ini dikenal untuk profil kartu lain".into(),
        Reason::OtherBody => "permohonan ini dikenal dengan nilai lain".into(),
        Reason::HandedOver => "kartunya sudah diserahkan".into(),
        Reason::OtherRequestOpen => "permohonan lain dari orang ini masih terbuka".into(),
        Reason::LivingCard => {
            "orang ini memegang kartu yang tidak digantikan oleh permohonan jenis ini".into()
        }
        Reason::UpdatedInHand => "diperbarui saat kartunya sedang dicetak".into(),
        Reason::UpdatedAfterRendering => "diperbarui setelah gambar kartunya dibuat".into(),
        Reason::Printer { reasons } if reasons.is_empty() => "printer tidak menyebut alasan".into(),
        Reason::Printer { reasons } => reasons.iter().map(|keyword| of_printer(keyword)).collect::<Vec<_>>().join("; "),
        Reason::Driver { fault, detail } => driver(*fault, detail),
        Reason::Stopped => "dihentikan sebelum dilepas ke printer".into(),
        Reason::LeaseExpired => "jatah waktu simpul habis sebelum ada yang dikirim".into(),
        Reason::ReleaseNotArrived => "perintah cetak tidak sampai ke printer".into(),
        Reason::UnknownToPrinter => "printer tidak mengenalnya".into(),
        Reason::ForgottenByPrinter => "printer tidak mengenalnya lagi".into(),
        Reason::NotEnded => "belum berakhir".into(),
        Reason::HeldByPerson => "ditahan oleh petugas".into(),
        Reason::HeldAtAdoption => {
            "sedang menunggu ketika basis data diambil alih, dan mungkin sudah dicetak oleh salinan lain".into()
        }
        Reason::SentElsewhere { printer, attempt } => {
            format!("salinan lain dari basis data sudah mengirimkannya ke printer `{printer}` sebagai {attempt}")
        }
        Reason::WithdrawnByPerson { before: None } => "ditarik oleh petugas".into(),
        Reason::WithdrawnByPerson { before: Some(before) } => {
            format!("ditarik oleh petugas; sebelumnya: {}", self::reason(before))
        }
        Reason::RejectedByPerson => "ditarik, dan kartunya ditolak oleh petugas".into(),
        Reason::DeclaredByPerson => "dinyatakan tak pasti oleh petugas".into(),
        Reason::InspectedByPerson => "diperiksa oleh petugas".into(),
    }
}

/// The text of a driver or of the renderer, without the hint that it may end with, as a quotation.
pub(super) fn quoted(detail: &str) -> String {
    quote(&Message::from_detail(detail).text)
}

/// A keyword as the printer gave it, with its meaning where that is known.
fn of_printer(keyword: &str) -> String {
    printer_condition(keyword).map_or_else(|| format!("`{keyword}`"), |condition| format!("`{keyword}`: {condition}"))
}

fn driver(fault: DriverFault, detail: &Detail) -> String {
    let text = match fault {
        DriverFault::NotSent => "tidak ada yang dikirim",
        DriverFault::Rejected => "printer menolak kartu ini",
        DriverFault::NeedsOperator => "petugas harus menangani printernya lebih dulu",
        DriverFault::OutcomeUnknown => "printer tidak memberi jawaban yang sah",
    };
    format!("{text}: {}", quoted(detail.as_str()))
}

/// Why the stored data of a record cannot be read, after the words for these data.
pub(super) fn sealed(fault: SealedFault) -> &'static str {
    match fault {
        SealedFault::Missing => "tidak ada",
        SealedFault::OtherKey => "disegel dengan kunci lain",
        SealedFault::Changed => "sudah diubah, atau dipindahkan dari permohonan lain",
        SealedFault::NotARecord => "bukan kolom-kolom sebuah permohonan",
    }
}

/// Why a card cannot be rendered.
pub(super) fn rendering(fault: &RenderFault) -> String {
    let code = |field: &str, problem: String| format!("kolom `{field}`: teks kodenya {problem}");
    let mrz = |field: &str, problem: String| format!("kolom `{field}` di zona terbaca mesin {problem}");
    match fault {
        RenderFault::Character { field, code_point } => format!(
            "kolom `{field}` mengandung karakter U+{code_point:04X}, yang tidak ada dalam huruf kartu ini"
        ),
        RenderFault::TooLong { field } => {
            format!("kolom `{field}` terlalu panjang untuk tempatnya di kartu, bahkan dengan ukuran terkecil")
        }
        RenderFault::CodeEmpty { field } => code(field, "kosong".into()),
        RenderFault::CodeTooLong { field, bytes, bytes_max } => {
            code(field, format!("terdiri atas {bytes} bita; paling banyak {bytes_max}"))
        }
        RenderFault::CodeCharacter { field, code_point } => {
            code(field, format!("mengandung karakter U+{code_point:04X}, yang tidak dapat dimuat Code 128"))
        }
        RenderFault::CodePlace { field, width, height, width_min, height_min } => {
            code(field, format!("memerlukan {width_min} x {height_min} titik, sedangkan tempatnya {width} x {height}"))
        }
        RenderFault::CodeEncoder { field } => code(field, "tidak dapat dikodekan".into()),
        RenderFault::MrzMissing { field } => mrz(field, "kosong".into()),
        RenderFault::MrzCharacter { field, code_point } => {
            mrz(field, format!("mengandung karakter U+{code_point:04X}, yang tidak dapat ditampilkan di sana"))
        }
        RenderFault::MrzTooLong { field, length_max } => mrz(field, format!("lebih dari {length_max} karakter")),
        RenderFault::MrzDate { field } => mrz(field, "bukan tanggal yang dapat ditampilkan di sana".into()),
        RenderFault::MrzDocumentCode => mrz(
            "document_code",
            "bukan `A`, `C` atau `I` dengan paling banyak satu huruf lagi, atau berakhir dengan `V` atau sama dengan `AI`".into(),
        ),
        RenderFault::MrzSex => mrz("sex", "bukan `M`, `F`, `X` atau kosong".into()),
        RenderFault::Photo { photo: fault } => photo(*fault).into(),
        RenderFault::Panicked => "gambar kartu gagal dibuat".into(),
        RenderFault::Profile { detail } => quoted(detail.as_str()),
    }
}

fn identifier(fault: IdentifierFault) -> String {
    let text = match fault {
        IdentifierFault::Length { least, most } => return format!("panjangnya salah: {least} sampai {most} karakter"),
        IdentifierFault::Characters => "tidak hanya terdiri atas huruf, angka dan tanda hubung",
        IdentifierFault::Digits => "bukan 16 angka",
        IdentifierFault::Ignored => "tidak ada yang dibandingkan: profil mengabaikan semua karakternya",
        IdentifierFault::Day => "harinya bukan 01-31 atau 41-71",
        IdentifierFault::Date => "tanggal lahir itu tidak ada",
        IdentifierFault::Serial => "nomor urutnya 0000",
        IdentifierFault::Scientific => {
            "dalam notasi ilmiah, jadi program lembar kerja telah membulatkannya: ekspor kolom itu sebagai teks"
        }
    };
    text.into()
}

pub(super) fn photo(fault: PhotoFault) -> &'static str {
    match fault {
        PhotoFault::OutsideFolder => "alamat fotonya menuju ke luar folder foto",
        PhotoFault::NoFolder => {
            "belum ada folder foto di komputer tempat cetak dijalankan: kirim daftar dan fotonya dalam satu ZIP, atau buat foldernya \
             (`photos` di folder data, kecuali diatur lain)"
        }
        PhotoFault::NoFile => "fotonya tidak ada",
        PhotoFault::SimilarFile => {
            "fotonya tidak ada; ada berkas lain yang alamatnya hanya berbeda huruf besar-kecil, `\\` untuk `/`, atau folder \
             awalnya"
        }
        PhotoFault::NotAFile => "alamat fotonya bukan alamat berkas",
        PhotoFault::Unreadable => "fotonya tidak dapat dibaca",
        PhotoFault::Empty => "fotonya kosong",
        PhotoFault::FileTooLarge => "berkas fotonya lebih besar dari 20 MiB",
        PhotoFault::Kind => "fotonya bukan JPEG dan bukan PNG",
        PhotoFault::TooLarge => "fotonya terlalu besar",
        PhotoFault::TooSmall => "fotonya terlalu kecil",
        PhotoFault::CutOff => "fotonya terpotong",
        PhotoFault::Unsupported => "jenis fotonya tidak dapat dibaca",
        PhotoFault::Corrupt => "fotonya rusak",
        PhotoFault::Name => "nama foto yang tersimpan rusak",
        PhotoFault::Purged => "fotonya sudah dihapus setelah penyerahan atau penarikan: impor kembali daftarnya",
        PhotoFault::Sealed => "foto yang tersimpan tidak dapat dibuka",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_printer_and_a_driver_say_stands_as_they_said_it() {
        let reasons = ["media-jam", "vendor-flux"].map(str::to_owned).to_vec();
        assert_eq!(reason(&Reason::Printer { reasons }), "`media-jam`: kartu tersangkut; `vendor-flux`");
        let detail = "no such\ntray; hint: see the panel".into();
        assert_eq!(
            reason(&Reason::Driver { fault: DriverFault::Rejected, detail }),
            "printer menolak kartu ini: \"no such tray\""
        );
    }
}
