//! What the answers of acts are called.

use super::text::Text;

macro_rules! answers {
    ($($name:literal $en:literal $id:literal;)+) => {
        const ANSWERS: &[(&str, Text)] = &[$(($name, Text::new($en, $id))),+];
    };
}

answers! {
    "act" "Number of the act" "Nomor tindakan";
    "account" "Account" "Akun";
    "password" "Password for one use: write it down, it is not shown again" "Kata sandi sekali pakai: catat, tidak ditampilkan lagi";
    "token" "Token: write it down, it is not shown again" "Token: catat, tidak ditampilkan lagi";
    "secret" "Token: write it down, it is not shown again" "Token: catat, tidak ditampilkan lagi";
    "movement" "Movement" "Mutasi";
    "done" "Done" "Dilaksanakan";
    "left_out" "Left out" "Dilewati";
    "state" "State" "Keadaan";
    "still_reports" "It still reports" "Masih dilaporkan";
    "booked" "Booked" "Tercatat";
    "counted" "Counted" "Dihitung";
    "warnings" "Warnings" "Peringatan";
}

/// The label of a field of an answer; `None` for one that has none.
pub(crate) fn answer_field(name: &str) -> Option<Text> {
    ANSWERS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
