//! Helper: card holders, with short values and with values so long that text shrinks and wraps.

use cetak::{
    domain::{
        card::expression::Expression,
        card::profile::{CardProfile, PhotoRule},
        personal::Person,
    },
    render::Card,
};

use crate::{card, profile, sample};

/// The profiles that come with the program.
pub(crate) const PROFILES: [&str; 4] = ["ktp-el", "kia", "student", "icao-td1"];

/// A card holder: the person and the other values of the card.
pub(crate) struct Holder {
    pub(crate) person: Person,
    district: &'static str,
    village: &'static str,
    photo: Option<Vec<u8>>,
}

impl Holder {
    pub(crate) fn card(&self) -> Card<'_> {
        let photo = self.photo.as_deref();
        Card { district: self.district, village: self.village, photo, ..card(&self.person) }
    }

    /// The text of a place by the profile, evaluated without the renderer.
    pub(crate) fn shown(&self, profile: &CardProfile, expression: &Expression) -> String {
        let card = self.card();
        expression.evaluate(|name| {
            let value = match name {
                "request_id" => card.request_id,
                "attempt" => card.attempt,
                "keyed_hash" => card.keyed_hash,
                _ if name == profile.district => card.district,
                _ if name == profile.village => card.village,
                _ => card.person.reveal(name),
            };
            profile.card.words.get(name).and_then(|words| words.get(value)).map_or(value, String::as_str)
        })
    }
}

/// Short values: few letters, and a photo only where the profile requires one.
pub(crate) fn short(name: &str) -> Holder {
    let (fields, district, village): (&[(&str, &str)], _, _) = match name {
        "ktp-el" => {
            (&[("name", "Ani"), ("birth_place", "Solo"), ("sex", "F"), ("address", "Jl. Mawar 1")], "Jebres", "Sewu")
        }
        "kia" => (
            &[("name", "Adi"), ("birth_place", "Solo"), ("blood_type", "-"), ("head_of_family", "Ani")],
            "Jebres",
            "Sewu",
        ),
        "student" => (&[("name", "Ada Lee"), ("student_number", "A1234")], "Law", "LL.B."),
        // The specimen of ICAO 9303-5.
        "icao-td1" => (&[], "Zenith", "1"),
        _ => panic!("no person for {name}"),
    };
    let profile = profile(name);
    let photo = (profile.photo == PhotoRule::Required).then(some_photo);
    Holder { person: sample(&profile, fields), district, village, photo }
}

/// The longest values that fit: smaller letters, more lines, and a photo.
pub(crate) fn long(name: &str) -> Holder {
    let (fields, district, village): (&[(&str, &str)], _, _) = match name {
        "ktp-el" => (
            &[
                ("name", "Raden Ajeng Siti Aminah Kusumaningrum Widyastuti"),
                ("birth_place", "Kotawaringin Barat"),
                ("blood_type", "AB-"),
                ("address", "Perumahan Griya Kencana Blok C-17, Gang Anggrek"),
                ("religion", "Kepercayaan terhadap Tuhan YME"),
                ("marital_status", "Cerai hidup belum tercatat"),
                ("occupation", "Anggota DPRD Kabupaten/Kota"),
                ("nationality", "Papua Nugini (izin tetap)"),
            ],
            "Pasar Kliwon Utara",
            "Kedung Lumbu Timur",
        ),
        "kia" => (
            &[
                ("name", "Muhammad Bagaskara Rahardian Wicaksana Notonegoro"),
                ("birth_place", "Kotawaringin Barat"),
                ("sex", "F"),
                ("blood_type", "AB-"),
                ("head_of_family", "Raden Mas Suryadi Hadikusumo"),
                ("birth_certificate", "AL.872.0012345/3372-LT-12042012"),
                ("address", "Perumahan Griya Kencana Blok C-17, Gang Anggrek"),
                ("religion", "Kepercayaan terhadap Tuhan YME"),
            ],
            "Pasar Kliwon",
            "Kedung Lumbu",
        ),
        "student" => (
            &[("name", "Élodie Ångström-Nguyễn von und zu Hohenlohe-Łódź"), ("student_number", "S-0012345-EXCHANGE-1")],
            "Mathematics, Sciences and Engineering",
            "Computational Linguistics and Digital Humanities in Teaching",
        ),
        "icao-td1" => (
            &[
                ("surname", "Żółtowska-Ångström von Hohenlohe"),
                ("given_names", "Maximiliana Theodora Wilhelmina"),
                ("sex", "X"),
                ("document_number", "D23145890ABC12"),
                ("personal_number", "1234567"),
            ],
            "Zenith Upper Valley",
            "1",
        ),
        _ => panic!("no person for {name}"),
    };
    Holder { person: sample(&profile(name), fields), district, village, photo: Some(some_photo()) }
}

/// A drawn portrait.
fn some_photo() -> Vec<u8> {
    profile("ktp-el").card.sample_photo_bytes
}
