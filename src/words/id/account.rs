//! The text of refusals about accounts.

use super::{
    operation::{act_noun, operation as operation_name},
    state::role as role_name,
};
use crate::domain::{account::PasswordFault, refusal::AccountRefusal};

/// What a refusal about an account says to a person.
pub(super) fn account_refusal(refusal: &AccountRefusal) -> String {
    match refusal {
        AccountRefusal::NoSuchAccount { name } => format!("tidak ada akun bernama `{name}`"),
        AccountRefusal::NoSession { session } => format!("tidak ada sesi terbuka {session}"),
        AccountRefusal::NoToken { token } => format!("tidak ada token API {token}"),
        AccountRefusal::SignIn => "nama dan kata sandi itu bukan milik akun yang boleh masuk".into(),
        AccountRefusal::SignInBusy => "terlalu banyak orang sedang menunggu untuk masuk".into(),
        AccountRefusal::PasswordDue => {
            "akun ini memakai kata sandi sekali pakai; pilih dulu kata sandi baru sebelum melakukan hal lain".into()
        }
        AccountRefusal::Password { fault } => password(*fault).into(),
        AccountRefusal::AccountsExist => "sudah ada akun".into(),
        AccountRefusal::FirstCode => "kode salah, sudah dipakai, atau berumur lebih dari 15 menit".into(),
        AccountRefusal::NameTaken { name, other } => format!("`{name}` dapat disangka akun `{other}`"),
        AccountRefusal::Disabled { name } => format!("akun `{name}` dinonaktifkan"),
        AccountRefusal::Enabled { name } => format!("akun `{name}` tidak sedang dinonaktifkan"),
        AccountRefusal::RoleHeld { name, role } => {
            format!("akun `{name}` sudah memiliki peran {}", role_name(*role))
        }
        AccountRefusal::RoleNotHeld { name, role } => {
            format!("akun `{name}` tidak memiliki peran {}", role_name(*role))
        }
        AccountRefusal::TokenRevoked { token } => format!("token API {token} sudah dicabut"),
        AccountRefusal::NotInScope { operation } => {
            format!("operasi {} tidak termasuk cakupan token API ini", operation_name(*operation))
        }
        AccountRefusal::AccountNeeded { operation } => {
            format!(
                "operasi {} memerlukan dua orang, jadi harus diminta dengan sebuah akun",
                operation_name(*operation)
            )
        }
        AccountRefusal::SecondPersonNeeded { operation } => {
            format!("operasi {} memerlukan dua orang, dan Anda hanya boleh memintanya", operation_name(*operation))
        }
        AccountRefusal::PasswordNeeded { act, operation } => {
            format!("{} {act} disahkan dengan kata sandi akun", act_noun(*operation))
        }
        AccountRefusal::AskedWithoutAccount { act, operation } => format!(
            "{} {act} diminta tanpa akun, sehingga tidak diketahui apakah yang mengonfirmasinya orang lain",
            act_noun(*operation)
        ),
        AccountRefusal::LastSupervisor { name } => {
            format!("`{name}` adalah penyelia terakhir, dan tanpa penyelia tidak ada peran yang dapat diberikan")
        }
        AccountRefusal::NoSupervisor => {
            "belum ada akun dengan peran penyelia, padahal hanya penyelia yang dapat mengonfirmasinya; \
             penyelia pertama dibuat di komputer itu sendiri"
                .into()
        }
        AccountRefusal::AsksLater { operation, from } => format!(
            "kata sandi akun ini diatur ulang oleh orang lain, sehingga akun ini belum dapat meminta {} sebelum {from}",
            act_noun(*operation)
        ),
        AccountRefusal::ConfirmsLater { operation, from, .. } => format!(
            "kata sandi akun ini diatur ulang oleh orang lain, sehingga akun ini belum dapat mengonfirmasi {} sebelum {from}",
            act_noun(*operation)
        ),
    }
}

fn password(fault: PasswordFault) -> &'static str {
    match fault {
        PasswordFault::TooShort => "kata sandi baru kurang dari 12 karakter",
        PasswordFault::TooLong => "kata sandi baru lebih dari 256 karakter",
        PasswordFault::IsName => "kata sandi baru sama dengan nama akun",
        PasswordFault::Unchanged => "kata sandi baru sama dengan yang lama",
    }
}
