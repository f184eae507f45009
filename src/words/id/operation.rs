//! The names of the operations of the permission table.

use crate::domain::permission::Operation;

/// What a person reads for an operation.
pub fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Pause => "menjeda antrean, printer, atau kelompok cetak",
        Operation::Resume => "melanjutkan printer atau kelompok cetak",
        Operation::ResumeQueue => "melanjutkan antrean",
        Operation::RecordHold => "menahan permohonan",
        Operation::RecordRelease => "melepas atau mendahulukan permohonan",
        Operation::RecordChange => "penarikan atau pemulihan permohonan, atau penyelesaian data ganda",
        Operation::RecordReleaseDuplicate => "melepas permohonan meskipun ada peringatan data ganda",
        Operation::RecordSearch => "mencari permohonan dan melihat data pribadi",
        Operation::CardPreview => "melihat pratinjau kartu atau foto",
        Operation::CardCheck => "memeriksa atau menolak kartu",
        Operation::CardHandOver => "serah terima kartu",
        Operation::CardSend => "distribusi kartu ke kecamatan",
        Operation::HandOverCorrect => "pembatalan serah terima",
        Operation::InspectionFound => "pemeriksaan dengan kartu ditemukan",
        Operation::InspectionNothing => "pemeriksaan tanpa kartu ditemukan",
        Operation::AttemptDeclare => "menyatakan upaya cetak tak pasti",
        Operation::ReprintAsk => "meminta cetak ulang",
        Operation::ReprintApprove => "cetak ulang",
        Operation::ReprintRefuse => "menolak cetak ulang",
        Operation::Batch => "menyetujui atau membatalkan kelompok cetak",
        Operation::Import => "mengimpor daftar tunggu",
        Operation::ImportAccept => "menerima impor yang dihentikan",
        Operation::ImportUndo => "pembatalan impor",
        Operation::BlanksReceive => "penerimaan blangko",
        Operation::HopperLoad => "mengisi atau mengosongkan wadah blangko",
        Operation::CountOpen => "membuka stok opname",
        Operation::CountEnter => "mencatat hasil stok opname",
        Operation::CountBook => "pembukuan selisih stok opname",
        Operation::StockRemove => "pemusnahan, peminjaman, atau pengembalian blangko, atau pembatalan penerimaan",
        Operation::PrinterCare => "membersihkan tanda gangguan, memeriksa, atau menguji printer",
        Operation::PrinterManage => "menambah, mengubah, atau menghapus printer",
        Operation::PrinterAddObjected => "pemakaian printer meskipun ada keberatan",
        Operation::SourcePause => "menjeda atau melanjutkan sumber",
        Operation::SourceRewind => "mengulang sumber dari titik sebelumnya",
        Operation::SettingsChange => "mengubah profil, pemetaan, atau pengaturan",
        Operation::DayClose => "tutup hari",
        Operation::DatabaseAdopt => "pengambilalihan basis data salinan atau hasil pemulihan",
        Operation::DatabaseCare => "cadangan, arsip, dan token",
        Operation::DatabaseMove => "memindahkan basis data atau mengganti kuncinya",
        Operation::AuditSeal => {
            "melihat permohonan yang didahulukan, atau menyegel, memeriksa, atau mengekspor jejak audit"
        }
        Operation::BoardRead => "melihat papan status dan daftar",
        Operation::ReportRead => "melihat stok dan laporan",
        Operation::AccountManage => "mengelola akun dan sesi",
        Operation::RoleGive => "pemberian peran",
    }
}

/// The word for an act that waits for its second person.
pub(super) fn act_noun(operation: Operation) -> &'static str {
    if operation == Operation::ReprintApprove { "izin cetak ulang" } else { "tindakan" }
}
