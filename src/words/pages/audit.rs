//! The audit.

use super::text::texts;

texts! {
    VERIFY "Verify the audit and the books" "Periksa keutuhan jejak audit dan pembukuan";
    VERIFIED_WHOLE "All is right: {} events and all balances of blanks were checked."
        "Semua benar: {} peristiwa dan semua saldo blangko sudah diperiksa.";
    VERIFIED_FAULTS "{} events and all balances of blanks were checked. Faults: {}."
        "{} peristiwa dan semua saldo blangko sudah diperiksa. Yang salah: {}.";
    VERIFICATION "Verification" "Pemeriksaan keutuhan";
    VERIFY_LEAD "Reads every event and every movement of blanks. With a seal it is found too if events were cut off since it was made."
        "Membaca semua peristiwa dan semua mutasi blangko. Dengan segel, ketahuan pula jika peristiwa dipotong sejak segel dibuat.";
    SEAL_TEXT "Seal: the contents of its file" "Segel: isi berkasnya";
    SEAL "Seal" "Segel";
    SEAL_LEAD "A seal is a small file with the number and the hash of the last event of each chain. Keep it outside of this computer, with its date: no list of seals is kept here, as what is kept beside the audit does not prove it."
        "Segel adalah berkas kecil berisi nomor dan sidik peristiwa terakhir setiap rantai. Simpan di luar komputer ini, dengan tanggalnya: di sini tidak ada daftar segel, karena yang disimpan di samping jejak audit tidak membuktikannya.";
    MAKE_SEAL "Make a seal" "Buat segel";
    NOT_A_SEAL "This is not the contents of a seal. Nothing was verified." "Ini bukan isi sebuah segel. Tidak ada yang diperiksa.";
    NO_SEAL "no seal" "tanpa segel";
    COMPARED_WITH "Compared with" "Dibandingkan dengan";
    EXPORT "Export" "Ekspor";
    EXPORT_LEAD "All events of all chains, as they are stored. Names of people who acted are in it." "Semua peristiwa semua rantai, seperti tersimpan. Nama orang yang bertindak ada di dalamnya.";
    EXPORT_LINES "Export as lines of JSON" "Ekspor sebagai baris JSON";
    EXPORT_CSV "Export as CSV" "Ekspor sebagai CSV";
    HEAD "Hash of the last event" "Sidik peristiwa terakhir";
    CHAIN_OF "Audit: chain {}" "Jejak audit: rantai {}";
    FAULT "Fault" "Kesalahan";
    BOOKED "Booked" "Tercatat";
    MOVED "Sum of its movements" "Jumlah mutasinya";
}
