//! The audit.

use super::text::texts;

texts! {
    VERIFY "Verify the audit and the books" "Periksa keutuhan jejak audit dan pembukuan";
    VERIFIED_WHOLE "All is right: {} events and all balances of blanks were checked."
        "Semua benar: {} peristiwa dan semua saldo blangko sudah diperiksa.";
    VERIFIED_FAULTS "{} events and all balances of blanks were checked. Faults: {}."
        "{} peristiwa dan semua saldo blangko sudah diperiksa. Yang salah: {}.";
    CHAIN_OF "Audit: chain {}" "Jejak audit: rantai {}";
    FAULT "Fault" "Kesalahan";
    BOOKED "Booked" "Tercatat";
    MOVED "Sum of its movements" "Jumlah mutasinya";
}
