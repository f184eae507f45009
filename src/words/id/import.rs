//! What an import warns of, and files that are no waiting list.

use super::number::thousands;
use crate::domain::{
    import::{FileForm, Warning},
    refusal::ImportRefusal,
};

/// What a refusal about an import says to a person.
pub(super) fn import_refusal(refusal: &ImportRefusal) -> String {
    match refusal {
        ImportRefusal::NoImport { import } => format!("tidak ada impor {import}"),
        ImportRefusal::Undone { import } => format!("impor {import} sudah dibatalkan"),
        ImportRefusal::Nothing { import } => {
            format!("impor {import} tidak mengubah permohonan yang masih dapat diubah")
        }
        ImportRefusal::TooLarge { import, most } => {
            format!(
                "impor {import} memiliki lebih dari {} permohonan, yang tidak diubah dalam satu transaksi",
                thousands(*most)
            )
        }
    }
}

/// A warning.
pub fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::UnknownRegion => "kode wilayah pada nomor identitas tidak dikenal",
        Warning::OtherBirthDate => "tanggal lahir pada nomor identitas berbeda",
        Warning::OtherSex => "jenis kelamin pada nomor identitas berbeda",
        Warning::LinesJoined => "ganti baris atau tabulasi dalam sebuah nilai diubah menjadi spasi",
        Warning::MarkTakenOff => "tanda petik tunggal dari program lembar kerja di depan sebuah nilai dibuang",
        Warning::VerifiedBeforeRequest => "diverifikasi sebelum diajukan",
        Warning::ApostropheInFront => {
            "sebuah nilai diawali tanda petik tunggal, yang ikut dicetak; jika berasal dari program lembar kerja, hapuslah dari daftar"
        }
        Warning::FewerDigits => {
            "sebuah angka lebih pendek daripada ketentuan profil; program lembar kerja membuang nol di depan"
        }
        Warning::ValueLeftOut => "sebuah nilai dikosongkan, karena tidak ada dalam tabel kolomnya",
        Warning::OtherBackground => "latar foto berbeda dari yang diminta untuk tahun lahirnya",
    }
}

/// A file that is no waiting list.
pub(super) fn file_form(form: FileForm) -> String {
    let what = match form {
        FileForm::Utf16 => "teks dalam UTF-16 tanpa tanda urutan bita",
        FileForm::Xlsx => "lembar kerja XLSX",
        FileForm::Ods => "lembar kerja ODS",
        FileForm::Archive => "arsip ZIP",
        FileForm::OldSpreadsheet => "lembar kerja dalam format lama XLS",
        FileForm::BinarySpreadsheet => "lembar kerja dalam format XLSB",
        FileForm::Encrypted => "terkunci dengan kata sandi",
        FileForm::Text => "teks, bukan lembar kerja",
        FileForm::Gzip => "berkas yang dimampatkan dua kali dengan gzip",
        FileForm::Picture => "gambar atau PDF",
        FileForm::JsonLines => "JSON, bukan CSV",
        FileForm::JsonArray => "satu larik JSON",
        FileForm::Markup => "HTML atau XML",
        FileForm::Binary => "bukan teks",
    };
    format!("berkas itu {what}")
}
