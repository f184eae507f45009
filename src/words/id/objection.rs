//! What a printer cannot guarantee, and why it must not be used.

use super::message::{list, quote};
use crate::{domain::objection::Objection, engine::operations::Caution};

/// One sentence.
pub fn caution(caution: Caution) -> &'static str {
    match caution {
        Caution::CannotHold => {
            "Printer ini tidak dapat menahan pekerjaan: bila program ini atau hubungannya gagal saat kartu dikirim, satu \
             blangko dapat rusak, dan petugas harus memeriksa apa yang terjadi dengan kartunya."
        }
        Caution::NoUpTime => "Printer ini tidak melaporkan lama nyalanya: nyala ulang dapat tidak diketahui.",
        Caution::UpTimeNoClock => {
            "Lama nyala printer ini tidak dihitung dalam detik, jadi tidak menunjukkan nyala ulang: nyala ulang dapat tidak \
             diketahui."
        }
        Caution::NoMedia => {
            "Printer ini tidak melaporkan medianya: program ini tidak dapat memastikan bahwa ia mencetak pada kartu."
        }
        Caution::CountsBackendPages => {
            "Printer ini hanya menghitung kartu bila perangkat di belakangnya melaporkan halaman: kartu yang tidak dihitung \
             berstatus tak pasti."
        }
        Caution::ForgetsJobs => {
            "Printer ini dapat melupakan kartu yang selesai setelah satu menit atau saat menyala ulang: kartu yang selesainya \
             tidak sempat terlihat berstatus tak pasti."
        }
    }
}

/// One sentence, with the remedy if there is one.
pub fn objection(objection: &Objection) -> String {
    match objection {
        Objection::MissingOperations { operations } => {
            format!("Printer ini tidak mendukung {}: kartunya tidak dapat diikuti.", list(operations))
        }
        Objection::CupsQueue => {
            "Ini antrean CUPS: setelah mati mendadak, CUPS melupakan kartu atau mencetaknya dua kali, kecuali diatur dengan \
             `DirtyCleanInterval 0`, `PreserveJobFiles No`, `PreserveJobHistory Yes`, `MaxJobs 20000` dan `MaxJobTime 0`, dan \
             dokumen yang tersimpan padanya dibuang setiap kali sebelum mulai; program ini tidak dapat memeriksa pengaturan itu."
                .to_owned()
        }
        Objection::NoRestartEvents => {
            "Printer ini tidak mendukung langganan peristiwa: nyala ulangnya tidak dapat diketahui.".to_owned()
        }
        Objection::ErrorPolicy { policy } => format!(
            "Kebijakan kesalahannya ialah {}, yang mencetak kartu sekali lagi setelah kegagalan: aturlah dengan \
             `lpadmin -p QUEUE -o printer-error-policy=abort-job`.",
            quote(policy.as_str())
        ),
        Objection::ForwardsJobs => {
            "Printer ini meneruskan pekerjaan ke printer IPP lain dan melaporkan kartu yang tidak pernah dibuat: tambahkan \
             printer yang lain itu sendiri."
                .to_owned()
        }
        Objection::CancelsLateJobs { after_s } => format!(
            "Printer ini membatalkan pekerjaan yang tidak selesai setelah {after_s} detik, misalnya yang menunggu blangko: \
             aturlah `MaxJobTime 0`."
        ),
        Objection::NoFormat { formats } => {
            format!("Printer ini tidak menerima satu pun format gambar kartu: {}.", list(formats))
        }
        Objection::NoResolution { formats, offered } => {
            let offered: Vec<String> = offered.iter().map(|dpi| resolution(*dpi)).collect();
            format!(
                "Printer ini menerima {} hanya pada {}, sedangkan gambar kartu dibuat dengan 100 sampai 1200 dpi, sama untuk \
                 kedua arah.",
                list(formats),
                offered.join(", ")
            )
        }
        Objection::OneSided { profile } => {
            format!("Printer ini tidak melaporkan `sides` bolak-balik, padahal kartu `{profile}` memiliki dua sisi.")
        }
        Objection::OneSidedFormats { profile } => format!(
            "Printer ini tidak menerima format yang memuat dua sisi, padahal kartu `{profile}` memiliki dua sisi."
        ),
        Objection::SameDevice { printer } => format!(
            "Menurut `printer-uuid` ini perangkat yang sama dengan printer `{printer}`: dengan dua nama, blangkonya akan \
             dihitung dua kali."
        ),
        Objection::NoMedium { profile, width, height } => format!(
            "Printer ini tidak melaporkan media {} x {} mm, ukuran kartu `{profile}`.",
            millimetres(*width),
            millimetres(*height)
        ),
    }
}

/// A resolution in cross-feed and feed direction: `300 dpi`, or `300 x 600 dpi`.
fn resolution([across, along]: [u32; 2]) -> String {
    if across == along { format!("{across} dpi") } else { format!("{across} x {along} dpi") }
}

/// Hundredths of a millimetre in millimetres, with a decimal comma.
fn millimetres(hundredths: u32) -> String {
    (f64::from(hundredths) / 100.0).to_string().replace('.', ",")
}

/// All of them in one text.
pub(super) fn objections(all: &[Objection]) -> String {
    all.iter().map(objection).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_decimal_comma() {
        let medium = Objection::NoMedium { profile: "student".into(), width: 8_560, height: 5_398 };
        let text = "Printer ini tidak melaporkan media 85,6 x 53,98 mm, ukuran kartu `student`.";
        assert_eq!(objection(&medium), text);
    }
}
