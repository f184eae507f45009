//! What has to be done at a printer.

use super::text::Text;
use crate::domain::printer_reason::Task;

/// What a person does about a reason of a printer.
#[expect(clippy::too_many_lines, reason = "one arm for each task")]
pub(crate) fn task(task: Task) -> Text {
    let (en, id) = match task {
        Task::LoadBlanks => ("load counted blanks into the hopper", "isi wadah dengan blangko yang dihitung"),
        Task::RefillSoon => ("refill the hopper and empty the output soon", "segera isi wadah dan kosongkan keluaran"),
        Task::ClearJam => (
            "clear the jam; keep its card, and inspect it if it has an unknown outcome",
            "keluarkan kartu yang macet; simpan kartunya, dan periksa jika hasilnya tak pasti",
        ),
        Task::FindStuckBlank => (
            "look for a stuck blank or a double feed, and count the hopper",
            "cari blangko yang tersangkut atau terambil ganda, lalu hitung isi wadah",
        ),
        Task::PutHopperBack => ("put the hopper back", "pasang kembali wadah"),
        Task::EmptyOutput => ("empty the output and compare the count", "kosongkan keluaran dan cocokkan jumlahnya"),
        Task::EmptyRejectBox => (
            "count the spoiled cards in the reject box together with an operator, and empty it",
            "hitung kartu rusak di kotak tolakan bersama petugas, lalu kosongkan",
        ),
        Task::PrepareRibbon => ("prepare a new ribbon", "siapkan ribbon baru"),
        Task::ChangeRibbon => (
            "change the ribbon; if it ended in the middle of a card, inspect that card",
            "ganti ribbon; jika habis di tengah kartu, periksa kartu itu",
        ),
        Task::InsertRibbon => ("put in the ribbon that belongs to this printer", "pasang ribbon milik printer ini"),
        Task::ClosePrinter => (
            "close the printer; if it was opened while a card was printing, inspect that card",
            "tutup printer; jika terbuka saat kartu dicetak, periksa kartu itu",
        ),
        Task::CleanSoon => ("clean the printer at the next pause", "bersihkan printer pada jeda berikutnya"),
        Task::WaitForTemperature => (
            "wait for its temperature; if it stays, call the technician",
            "tunggu suhunya; jika menetap, panggil teknisi",
        ),
        Task::InsertLaminate => ("put in laminate", "pasang laminasi"),
        Task::ResumePrinter => (
            "resume the printer at its panel, after finding out why it was paused",
            "lanjutkan printer di panelnya, setelah sebab jedanya diketahui",
        ),
        Task::FreeDisk => ("free space on the printer's disk", "kosongkan ruang pada cakram printer"),
        Task::CheckConnection => {
            ("check power, line and address of the printer", "periksa listrik, kabel dan alamat printer")
        }
        Task::Nothing => ("nothing to do", "tidak perlu tindakan"),
        Task::LoadProfileBlanks => ("load the blanks of its card profile", "isi blangko sesuai profil kartunya"),
        Task::CallService => {
            ("take the printer out of use and call service", "hentikan pemakaian printer dan panggil servis")
        }
        Task::ReadDisplay => (
            "read its display; a failed chip or stripe goes to the supervisor",
            "baca layarnya; cip atau pita yang gagal diserahkan kepada penyelia",
        ),
        Task::WaitForOtherJob => (
            "wait for the other job in the printer, or cancel it there",
            "tunggu pekerjaan lain di printer, atau batalkan di sana",
        ),
        Task::AcceptJobs => ("let the printer accept jobs again", "izinkan printer menerima pekerjaan lagi"),
        Task::UseOtherPrinter => ("use a printer with another format", "pakai printer dengan format lain"),
        Task::ReadRefusal => {
            ("the printer refuses this machine: read why", "printer menolak komputer ini: baca sebabnya")
        }
        Task::RemoveObjections => ("remove the cause of its objections", "hilangkan sebab keberatannya"),
        Task::CheckSlowCard => {
            ("look at the printer: its card takes far too long", "lihat printer: kartunya terlalu lama")
        }
        Task::CheckRestart => (
            "look at hopper and output: the printer restarted with a card",
            "lihat wadah dan keluaran: printer menyala ulang saat ada kartu",
        ),
        Task::CheckSecondCard => {
            ("look at the output: the card may have been made twice", "lihat keluaran: kartu mungkin tercetak dua kali")
        }
        Task::UsePrinterWithNames => (
            "use another printer: this one does not keep the names of jobs",
            "pakai printer lain: printer ini tidak menyimpan nama pekerjaan",
        ),
        Task::CheckAbilities => (
            "check its abilities: it left out a part of the job",
            "periksa kemampuannya: sebagian pekerjaan tidak dilaksanakan",
        ),
        Task::AllowJobQueries => (
            "let the printer answer queries about its jobs",
            "izinkan printer menjawab pertanyaan tentang pekerjaannya",
        ),
        Task::CheckOtherPrinter => (
            "another printer answers at this address: check which one, and what is in its hopper",
            "printer lain menjawab di alamat ini: periksa yang mana, dan isi wadahnya",
        ),
        Task::CheckUnknownJobs => (
            "find the other scheduler that sent it jobs, and stop it; look for the cards that were made",
            "cari penjadwal lain yang mengirim pekerjaan, lalu hentikan; cari kartu yang sudah dibuat",
        ),
        Task::ReadFailures => {
            ("it refuses one card after the other: read why", "printer menolak kartu satu per satu: baca sebabnya")
        }
        Task::CancelAtPrinter => ("cancel the held job at the printer", "batalkan pekerjaan yang tertahan di printer"),
        Task::CheckUnknown => (
            "check the printer: its reason is not known; say that it is clear once it works",
            "periksa printer: alasannya tidak dikenal; nyatakan beres setelah berfungsi",
        ),
    };
    Text::new(en, id)
}
