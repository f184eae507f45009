//! What the server itself objects to.

use super::{message::list, operation::operation as operation_name};
use crate::{
    domain::value::{ACCOUNT_NAME_MAX, InvalidValue, TEXT_MAX},
    words::{Fault, ValueRule},
};

/// The text of what the server objects to.
pub fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::BodyNotJson => "isi permintaan bukan objek JSON",
        Fault::FieldTwice => "sebuah objek dalam isi permintaan memuat nama yang sama dua kali",
        Fault::BodyCut => "isi permintaan terputus sebelum lengkap",
        Fault::UrlUnreadable => "alamat atau parameternya bukan UTF-8 tanpa U+0000 yang dikodekan dengan persen",
        Fault::KeyUnreadable => {
            "`Idempotency-Key` harus diberikan satu kali, dengan 1 sampai 255 karakter ASCII yang terlihat"
        }
        Fault::SignInNeeded => "permintaan ini tidak memiliki token atau sesi yang berlaku",
        Fault::OtherPage => "permintaan dari sebuah sesi memerlukan `Origin` server ini dan token CSRF dari sesi itu",
        Fault::NoSuchAddress => "tidak ada apa-apa di alamat ini",
        Fault::MethodNotAllowed => "alamat ini tidak mengenal metode itu; metode yang dikenal tercantum di `Allow`",
        Fault::KeyInUse => {
            "permintaan dengan `Idempotency-Key` ini sedang dikerjakan; kirim sekali lagi untuk mendapat jawabannya"
        }
        Fault::ChangedMeanwhile => "sudah ada perubahan lain lebih dulu; baca kembali datanya",
        Fault::InsufficientStock => "blangko tidak cukup",
        Fault::SecondOpenRequest => "permohonan lain dari orang ini masih terbuka",
        Fault::OtherVersion => "yang hendak diubah sudah berbeda versinya dari `If-Match`; baca kembali datanya",
        Fault::VersionUnreadable => {
            "`If-Match` harus `*`, atau `ETag` dari sebuah jawaban lengkap dengan tanda kutipnya"
        }
        Fault::NoVersion => "yang diubah di alamat ini tidak memiliki `ETag`, sehingga `If-Match` tidak dapat dipenuhi",
        Fault::BodySlow => "isi permintaan tidak tiba tepat waktu",
        Fault::ListSlow => {
            "daftar tiba lebih lambat dari 16 KiB per detik, dan belum ada yang diimpor; kirim lewat jaringan yang lebih cepat"
        }
        Fault::BodyTooLarge => "isi permintaan lebih besar daripada yang diterima alamat ini",
        Fault::NotAList => {
            "isi permintaan harus berupa `text/csv`, `application/x-ndjson`, atau lembar kerja dengan tipe medianya"
        }
        Fault::NotJson => "isi permintaan harus berupa `application/json`",
        Fault::BodyEncoded => "isi permintaan harus dikirim apa adanya, tanpa `Content-Encoding`",
        Fault::KeyReused => "`Idempotency-Key` ini sudah dipakai untuk permintaan lain; tidak ada yang dilakukan",
        Fault::Internal => "terjadi kegagalan pada server; penyebabnya ada di catatan log dengan nomor kejadian ini",
        Fault::DatabaseAway => "basis data sedang tidak dapat dipakai; tidak ada yang diubah",
        Fault::InDoubt => "hubungan ke basis data terputus; baca kembali apakah perubahannya tersimpan",
        Fault::TimedOut => "jawaban terlalu lama; baca kembali apakah ada yang berubah",
        Fault::TooManyStreams => "terlalu banyak aliran peristiwa yang terbuka; akhiri salah satunya",
        Fault::Busy => "server terlalu sibuk; tidak ada yang diubah",
    }
}

/// The rule that a value of a request breaks, after the name of its field.
pub fn value_rule(rule: ValueRule) -> String {
    let text = match rule {
        ValueRule::Missing => "harus diberikan",
        ValueRule::Unknown => "tidak dikenal di sini",
        ValueRule::GivenTwice => "diberikan dua kali: sudah ada di alamat",
        ValueRule::WrongType => "jenisnya lain, atau bukan salah satu nilai yang mungkin",
        ValueRule::NotATime => "harus berupa waktu beserta selisih zonanya, seperti `2026-12-01T20:00:00+07:00`",
        ValueRule::NotWhole => "harus berupa bilangan bulat",
        ValueRule::NotFlag => "harus `true` atau `false`",
        ValueRule::NotOneOf(values) => return format!("harus `{}`", values.join("` atau `")),
        ValueRule::NotADevice => "lewat jaringan harus diawali dengan `ipp://` atau `ipps://`",
        ValueRule::NotAFileName => "harus berupa nama berkas tanpa folder",
        ValueRule::Value(value) => return invalid_value(value),
        ValueRule::Other => "bukan nilai yang diterima di sini",
    };
    text.to_owned()
}

fn invalid_value(value: InvalidValue) -> String {
    match value {
        InvalidValue::Empty => "tidak boleh kosong".into(),
        InvalidValue::TooLong => format!("tidak boleh lebih panjang dari {TEXT_MAX} karakter"),
        InvalidValue::AccountNameTooLong => format!("tidak boleh lebih panjang dari {ACCOUNT_NAME_MAX} karakter"),
        InvalidValue::NotOneLine => {
            "harus satu baris, tanpa karakter kendali dan karakter lain yang tidak terlihat".into()
        }
        InvalidValue::NotAName => "hanya boleh berisi huruf, angka, `-`, `_` dan `.`, paling banyak 40".into(),
        InvalidValue::OutOfRange { least, most } => format!("di luar rentang, {least} sampai {most}"),
        InvalidValue::NotANumber => "bukan angka".into(),
        InvalidValue::SamePerson => "harus dua orang yang berbeda".into(),
        InvalidValue::NotSpoilage => {
            let causes = ["encode-failed", "print-failed", "damaged", "data-changed"].map(str::to_owned);
            format!("penyebab kerusakan adalah salah satu dari {}", list(&causes))
        }
        InvalidValue::OfPeople(operation) => {
            format!("{} hanya dilakukan oleh orang, tidak oleh token", operation_name(operation))
        }
    }
}

/// The title of each status that is sent.
pub fn title(status: u16) -> &'static str {
    match status {
        400 => "Permintaan tidak dapat dibaca",
        401 => "Silakan masuk",
        403 => "Tidak diizinkan",
        404 => "Tidak ditemukan",
        405 => "Metode tidak diizinkan",
        408 => "Permintaan terlalu lama",
        409 => "Ditolak dalam keadaan sekarang",
        412 => "Sudah berubah sementara itu",
        413 => "Permintaan terlalu besar",
        415 => "Jenis media salah",
        422 => "Nilai tidak sah",
        429 => "Terlalu banyak permintaan",
        503 => "Sedang tidak tersedia",
        _ => "Kegagalan pada server",
    }
}
