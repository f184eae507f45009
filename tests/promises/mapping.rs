//! Tests P3 on lists with the headings and values of offices: what a mapping names becomes what it says, and nothing else is changed.

use cetak::{
    domain::{
        import::{Mapping, RejectReason, Shape, Warning},
        permission::Operation,
        reason::Reason,
        refusal::{FileRefusal, Refusal},
    },
    engine::{
        EngineError,
        client::Direct,
        import::{Format, check},
    },
};

use crate::{
    sheets::{Table, xlsx},
    world::{World, students},
};

fn mapping(text: &str) -> Mapping {
    toml::from_str(text).unwrap()
}

/// A citizen as an office writes them, and as the profile has them.
const OF_OFFICE: &str = "No. Permohonan;Jenis Permohonan;Status Data;Tgl Permohonan;Tgl Verifikasi;FOTO;NIK;Nama Lengkap;Tempat Lahir;\
                         Tgl. Lahir;L/P;Alamat;RT;RW;Kelurahan/Desa;Kecamatan\n\
                         K-1;Baru;PRR;30/05/2015 13:43;15/06/2015;;3372042007860001;SITI;SURAKARTA;20/07/1986;L;JL. A;006;003;JAGALAN;JEBRES\n";
const OF_PROFILE: &str = "request_id,request_kind,status,requested_at,verified_at,photo,nik,name,birth_place,birth_date,sex,address,rt,rw,village,\
                          district\nK-1,first,PRINT_READY_RECORD,2015-05-30T13:43:00Z,2015-06-15T00:00:00Z,,3372042007860001,SITI,SURAKARTA,\
                          1986-07-20,M,JL. A,006,003,JAGALAN,JEBRES\n";

#[tokio::test]
async fn a_list_with_an_offices_headings_and_values_is_the_same_list() {
    let world = World::new().await;
    let photo = crate::world::photo("p");
    std::fs::write(world.dir.path().join("p.png"), photo).unwrap();
    let (of_office, of_profile) = (OF_OFFICE.replace(";;337", ";p.png;337"), OF_PROFILE.replace(",,337", ",p.png,337"));
    let (report, rejects) = world.import_with(&of_office, "ktp-el", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.refused), (1, 0), "{:?}", rejects.0);
    let again = world.import_with(&of_profile, "ktp-el", |_| {}).await.unwrap().0;
    assert_eq!((again.known, again.rows), (1, 1), "the instants are those of the office, whose zone is UTC");
    let as_sheet = xlsx(&[Table::of_csv(&of_office.replace(';', ","))]);
    let again = world.import_with(&as_sheet, "ktp-el", |what| what.format = Format::Xlsx).await.unwrap().0;
    assert_eq!((again.known, again.rows), (1, 1));
}

#[tokio::test]
async fn a_value_that_no_table_has_is_refused_or_left_out_and_never_imported_as_it_stands() {
    let world = World::new().await;
    let list = students(0..3).replacen("FACULTY 0", "Teknik", 1);
    let refuse = "[values.programme]\n'Programme 0' = 'P0'\n'PROGRAMME 1' = 'P1'\n[values.faculty]\nTeknik = 'T'";
    let (report, rejects) =
        world.import_with(&list, "student", |what| what.mapping = Some(mapping(refuse))).await.unwrap();
    assert_eq!((report.accepted, report.refused), (1, 2));
    let (row, rejection) = &rejects.0[0];
    let expected = Reason::NotInTable { column: "I".into(), known: vec!["Teknik".into()] };
    assert_eq!((*row, rejection.field.as_str(), rejection.reason), (2, "faculty", RejectReason::Malformed));
    assert_eq!(rejection.detail, expected, "the column of the file and what is known, and not the value");
    let warn = format!("{refuse}\n[unknown]\nfaculty = 'warn'\n[defaults]\nfaculty = 'T'");
    let (report, _) = world.import_with(&list, "student", |what| what.mapping = Some(mapping(&warn))).await.unwrap();
    assert_eq!((report.known, report.accepted, report.warnings[&Warning::ValueLeftOut]), (1, 2, 2));
    // No default is put in the place of what was left out, and the same mapping changes nothing.
    let again = world.import_with(&list, "student", |what| what.mapping = Some(mapping(&warn))).await.unwrap().0;
    assert_eq!((again.known, again.accepted), (3, 0));
    let mapped = students(0..3).replace("PROGRAMME ", "P").replace("FACULTY 0", "T");
    let mapped = mapped.replace("FACULTY 1", "").replace("FACULTY 2", "");
    assert_eq!(world.import(&mapped).await.known, 3, "the record has the mapped values");
    let dates = "[dates]\nvalid_until = ['dd/mm/yyyy']";
    let list = students(5..6).replace("2029-12-31", "12/31/2029");
    let (_, rejects) = world.import_with(&list, "student", |what| what.mapping = Some(mapping(dates))).await.unwrap();
    let expected = Reason::NotInForm { column: "H".into(), forms: vec!["dd/mm/yyyy".into()] };
    assert_eq!((rejects.0[0].1.reason, &rejects.0[0].1.detail), (RejectReason::Date, &expected));
}

#[tokio::test]
async fn a_mapping_of_a_list_is_put_over_that_of_the_profile_and_a_wrong_one_is_refused() {
    let world = World::new().await;
    let list = students(0..2)
        .replacen("request_kind", "jenis", 1)
        .replacen("status", "keadaan", 1)
        .replace(",ENROLLED,", ",aktif,");
    let text = "[columns]\nrequest_kind = ['Jenis']\n[constants]\nfaculty = 'X'\n[defaults]\nprogramme = 'P'\n[pad]\nstudent_number = 9\n";
    let all = format!("{text}[values.status]\naktif = 'ENROLLED'\n[columns.x]");
    assert!(toml::from_str::<Mapping>(&all).is_err());
    let all =
        text.replacen("[columns]\n", "[columns]\nstatus = ['KEADAAN']\n", 1) + "[values.status]\nAKTIF = 'ENROLLED'";
    let refused = |mapping: Option<Mapping>, list: String| {
        let world = &world;
        async move {
            match world.import_with(&list, "student", |what| what.mapping = mapping).await {
                Err(EngineError::Refused(refusal)) => refusal,
                other => panic!("{:?}", other.map(|(report, _)| report)),
            }
        }
    };
    let constant = FileRefusal::ConstantColumn { column: "faculty".into(), letters: "I".into() };
    assert_eq!(refused(Some(mapping(&all)), list.clone()).await, Refusal::File(constant));
    let lacking: String = list
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            [&cells[..5], &["7"][..], &cells[6..8], &[""][..], &cells[10..]].concat().join(",") + "\n"
        })
        .collect();
    let lacking = lacking.replacen(",7,", ",student_number,", 1).replacen("valid_until,,", "valid_until,programme,", 1);
    let (report, rejects) =
        world.import_with(&lacking, "student", |what| what.mapping = Some(mapping(&all))).await.unwrap();
    assert_eq!((report.accepted, report.quarantined, report.refused), (1, 1, 0), "{:?}", rejects.0);
    assert_eq!(report.absent_columns, Vec::<String>::new());
    let wrong = refused(Some(mapping("[pad]\nrt = 3")), list).await;
    let detail = "`pad.rt` is no column of the profile".to_owned();
    assert_eq!(wrong, Refusal::File(FileRefusal::Mapping { detail }));
}

#[tokio::test]
async fn what_is_recognised_of_a_file_is_shown_without_a_value_of_it() {
    let world = World::new().await;
    let permit = Direct::new(&world.engine).permit(Operation::Import).await.unwrap();
    let list = OF_OFFICE.replacen("Alamat", "Catatan", 1).replacen("Kecamatan", "", 1);
    let input = Box::new(std::io::Cursor::new(list.into_bytes()));
    let checked = check(&world.engine, &permit, input, world.list_of("ktp-el")).await.unwrap();
    assert_eq!((checked.format, checked.encoding, checked.rows, checked.refused), ("csv", Some("utf-8"), 1, 1));
    let column = |name: &str| checked.columns.iter().find(|column| column.column == name).unwrap();
    let nik = column("nik");
    assert_eq!((nik.filled, nik.wrong, &nik.shapes[..]), (1, 0, &[(Shape::Digits(16), 1)][..]));
    assert_eq!(nik.heading.as_ref().map(|heading| (&*heading.letters, &*heading.text)), Some(("G", "NIK")));
    assert_eq!(column("birth_date").shapes, [(Shape::Pattern("9999-99-99".into()), 1)], "as it is imported");
    assert_eq!((column("photo").wrong, column("address").heading.as_ref()), (1, None));
    assert_eq!(checked.unknown.iter().map(|heading| &*heading.text).collect::<Vec<_>>(), ["Catatan"]);
    let told = serde_json::to_string(&checked).unwrap();
    for value in ["3372042007860001", "SITI", "1986-07-20", "JL. A", "JEBRES"] {
        assert!(!told.contains(value), "{told}");
    }
    assert_eq!(world.records("waiting").await, 0);
}
