//! The names of things that acts are about.

use super::message::quote;

/// A thing, as the audit names it in English: `record default/1` is `permohonan default/1`. One of another kind is a quotation.
pub(super) fn thing(name: &str) -> String {
    let (kind, rest) = name.split_once(' ').unwrap_or((name, ""));
    let kind = match kind {
        "record" => "permohonan",
        "batch" => "kelompok cetak",
        "job" => "pekerjaan cetak",
        "attempt" => "upaya cetak",
        "printer" => "printer",
        "account" => "akun",
        "blangko" => "blangko",
        "movement" => "mutasi",
        "count" => "stok opname",
        "source" => "sumber",
        "database" if rest.is_empty() => return "basis data".to_owned(),
        _ => return quote(name),
    };
    // An account's name may have several words.
    if !rest.is_empty() && (kind == "akun" || !rest.contains(' ')) {
        return format!("{kind} {rest}");
    }
    let of_blanks = rest.split_once(" of blangko ").map(|(number, of)| format!("{kind} {number} blangko {of}"));
    let in_account = || rest.split_once(" in ").map(|(of, account)| format!("{kind} {of} di pos `{account}`"));
    of_blanks.or_else(in_account).unwrap_or_else(|| quote(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_have_indonesian_names_and_others_are_quoted() {
        for (name, text) in [
            ("record default/3372-2015-000001", "permohonan default/3372-2015-000001"),
            ("attempt cetak-solo-01a2", "upaya cetak cetak-solo-01a2"),
            ("movement 3 of blangko ktp-el", "mutasi 3 blangko ktp-el"),
            ("blangko ktp-el in hopper:p1", "blangko ktp-el di pos `hopper:p1`"),
            ("blangko ktp-el", "blangko ktp-el"),
            ("account Siti Aminah", "akun Siti Aminah"),
            ("printer p1", "printer p1"),
            ("database", "basis data"),
            ("record number 7", "\"record number 7\""),
            ("table job", "\"table job\""),
            ("", "\"\""),
        ] {
            assert_eq!(thing(name), text);
        }
    }
}
