//! IPP attributes to the words of the contract. Pure, and content with any attributes at all.

use cetak_driver_api::{
    AttemptId, AttemptRef, Blank, Capabilities, Card, Condition, Ending, Found, PrinterStatus, Rasters, Supply,
    reason_keyword,
};
use ipp::attribute::IppAttributeGroup;
use ipp::model::{DelimiterTag, Operation};
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

use crate::appraisal;

/// What [`capabilities`], [`holding`], [`status`] and the appraisal read.
pub(crate) const PRINTER_ATTRIBUTES: [&str; 25] = [
    "copies-supported",
    "cups-version",
    "device-uri",
    "color-supported",
    "document-format-supported",
    "job-cancel-after-default",
    "job-hold-until-supported",
    "marker-levels",
    "marker-names",
    "media-supported",
    "operations-supported",
    "print-scaling-supported",
    "printer-error-policy",
    "printer-impressions-completed",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-resolution-supported",
    "printer-state",
    "printer-state-reasons",
    "printer-up-time",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-sheet-back",
    "pwg-raster-document-type-supported",
    "sides-supported",
    "urf-supported",
];

/// What [`Job::read`] reads, and `job-uuid`: without an attribute that is costly to it, CUPS leaves out `job-name` of
/// finished jobs.
pub(crate) const JOB_ATTRIBUTES: [&str; 10] = [
    "job-hold-until",
    "job-id",
    "job-impressions-completed",
    "job-name",
    "job-printer-up-time",
    "job-state",
    "job-state-reasons",
    "job-uuid",
    "time-at-creation",
    "time-at-processing",
];

/// More reasons than a person can read.
const REASONS_MAX: usize = 32;

/// CUPS gives Unix time as `printer-up-time`; nothing else has run for thirty years.
const UP_TIME_S_MAX: u64 = 1_000_000_000;

/// How a printer keeps a job from starting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HoldBy {
    /// `job-hold-until` in Create-Job.
    Attribute,
    /// Hold-Job, after it.
    Operation,
}

/// The attributes of the first group of that kind.
pub(crate) fn group(answer: &IppRequestResponse, tag: DelimiterTag) -> Option<&IppAttributeGroup> {
    answer.attributes().first_of(tag)
}

pub(crate) fn capabilities(printer: &IppAttributeGroup) -> Capabilities {
    Capabilities {
        make_and_model: texts(printer, "printer-make-and-model").into_iter().next(),
        document_formats: texts(printer, "document-format-supported"),
        media: texts(printer, "media-supported"),
        resolutions_dpi: resolutions_dpi(printer, "printer-resolution-supported"),
        sides: texts(printer, "sides-supported"),
        color: values(printer, "color-supported").find_map(IppValue::as_boolean).copied(),
        rasters: Rasters {
            pwg_types: texts(printer, "pwg-raster-document-type-supported"),
            pwg_resolutions_dpi: resolutions_dpi(printer, "pwg-raster-document-resolution-supported"),
            pwg_sheet_back: texts(printer, "pwg-raster-document-sheet-back").into_iter().next(),
            urf: texts(printer, "urf-supported"),
        },
        can_hold: holding(printer).is_some(),
        holds_rasters: holding(printer).is_some() && appraisal::is_cups(printer),
        up_time_s: count(printer, "printer-up-time").filter(|seconds| *seconds < UP_TIME_S_MAX),
        impressions_completed: count(printer, "printer-impressions-completed"),
        prepare_is_sent: true,
        cautions: appraisal::cautions(printer),
        objections: appraisal::objections(printer),
    }
}

/// What the driver itself needs to know of its printer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    /// `document-format-supported`.
    pub(crate) document_formats: Vec<String>,
    /// It counts copies, so that it may have another default than one.
    pub(crate) counts_copies: bool,
    /// `sides-supported` names them.
    pub(crate) sides: Vec<String>,
    /// `media-supported` names them.
    pub(crate) media: Vec<String>,
    /// `print-scaling-supported` has `none`.
    pub(crate) can_leave_the_size: bool,
    /// How it can hold a job.
    pub(crate) hold_by: Option<HoldBy>,
    /// It is a CUPS queue.
    pub(crate) is_cups: bool,
}

impl Facts {
    pub(crate) fn read(printer: &IppAttributeGroup) -> Self {
        Self {
            document_formats: texts(printer, "document-format-supported"),
            counts_copies: printer.get("copies-supported").is_some(),
            sides: texts(printer, "sides-supported"),
            media: texts(printer, "media-supported"),
            can_leave_the_size: texts(printer, "print-scaling-supported").iter().any(|scaling| scaling == "none"),
            hold_by: holding(printer),
            is_cups: appraisal::is_cups(printer),
        }
    }
}

impl Facts {
    /// How it can keep a document of that format. PAPPL prints rasters while it receives them, held or not, and answers
    /// Send-Document when the card is done; CUPS spools all it gets.
    pub(crate) fn hold_by(&self, format: &str) -> Option<HoldBy> {
        self.hold_by.filter(|_| self.is_cups || !matches!(format, "image/pwg-raster" | "image/urf"))
    }
}

/// How the printer can hold a job, if it can also let it go.
pub(crate) fn holding(printer: &IppAttributeGroup) -> Option<HoldBy> {
    let can = |operation| integers(printer, "operations-supported").contains(&i32::from(operation as u16));
    if !can(Operation::ReleaseJob) {
        None
    } else if texts(printer, "job-hold-until-supported").iter().any(|until| until == "indefinite") {
        Some(HoldBy::Attribute)
    } else if can(Operation::HoldJob) {
        Some(HoldBy::Operation)
    } else {
        None
    }
}

/// `None` if the printer does not say its state.
pub(crate) fn status(printer: &IppAttributeGroup) -> Option<PrinterStatus> {
    let condition = match integers(printer, "printer-state").first() {
        Some(3) => Condition::Idle,
        Some(4) => Condition::Processing,
        Some(5) => Condition::Stopped,
        _ => return None,
    };
    let accepting = values(printer, "printer-is-accepting-jobs").find_map(IppValue::as_boolean);
    Some(PrinterStatus {
        condition,
        reasons: texts(printer, "printer-state-reasons")
            .into_iter()
            .filter(|reason| is_reason(reason))
            .take(REASONS_MAX)
            .collect(),
        // Create-Job finds out anyway.
        accepting_jobs: accepting.copied().unwrap_or(true),
        supplies: supplies(printer),
    })
}

fn is_reason(reason: &str) -> bool {
    let keyword = reason_keyword(reason);
    !keyword.is_empty() && keyword != "none"
}

/// `printer-state-reasons` as keywords.
pub(crate) fn printer_keywords(printer: &IppAttributeGroup) -> Vec<String> {
    reasons(printer, "printer-state-reasons", reason_keyword)
}

/// `job-state` of RFC 8011, section 5.3.7.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JobState {
    Pending,
    Held,
    Processing,
    Stopped,
    Canceled,
    Aborted,
    Completed,
    /// None of them, or not told.
    Unclear,
}

impl JobState {
    pub(crate) fn is_over(self) -> bool {
        match self {
            Self::Canceled | Self::Aborted | Self::Completed => true,
            Self::Pending | Self::Held | Self::Processing | Self::Stopped | Self::Unclear => false,
        }
    }
}

/// One job as the printer describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Job {
    pub(crate) id: i32,
    /// `job-name`; never logged, as other programs' jobs bear people's names.
    name: Option<String>,
    pub(crate) state: JobState,
    /// `job-state-reasons`.
    reasons: Vec<String>,
    /// `job-impressions-completed`.
    pub(crate) impressions: Option<i32>,
    /// `job-hold-until` is `indefinite`.
    hold_asked: bool,
    /// From `time-at-processing`: a time is yes, `no-value` is no, anything else tells nothing.
    started: Option<bool>,
    /// `job-printer-up-time`, seconds.
    pub(crate) printer_up_time: Option<i32>,
    /// `time-at-creation`, seconds.
    created_at: Option<i32>,
}

impl Job {
    /// `None` for a group without `job-id`.
    pub(crate) fn read(job: &IppAttributeGroup) -> Option<Self> {
        let state = match integers(job, "job-state").first() {
            Some(3) => JobState::Pending,
            Some(4) => JobState::Held,
            Some(5) => JobState::Processing,
            Some(6) => JobState::Stopped,
            Some(7) => JobState::Canceled,
            Some(8) => JobState::Aborted,
            Some(9) => JobState::Completed,
            _ => JobState::Unclear,
        };
        let started = values(job, "time-at-processing").next().and_then(|time| {
            if *time == IppValue::NoValue {
                Some(false)
            } else {
                time.as_integer().filter(|at| **at != 0).map(|_| true)
            }
        });
        Some(Self {
            id: *integers(job, "job-id").first()?,
            name: texts(job, "job-name").into_iter().next(),
            state,
            // They have no severity: `document-format-error` is a keyword of its own.
            reasons: reasons(job, "job-state-reasons", |reason| reason),
            impressions: integers(job, "job-impressions-completed").first().copied(),
            hold_asked: texts(job, "job-hold-until").iter().any(|until| until == "indefinite"),
            started,
            printer_up_time: integers(job, "job-printer-up-time").first().copied(),
            created_at: integers(job, "time-at-creation").first().copied(),
        })
    }

    /// It is older than the printer's present run: its times are then zero or negative (RFC 8011, section 5.3.14), or lie
    /// ahead of the printer's own.
    pub(crate) fn is_of_an_earlier_run(&self) -> bool {
        let ahead = self.created_at.zip(self.printer_up_time).is_some_and(|(created, now)| created > now);
        ahead || self.created_at.is_some_and(|created| created < 0)
    }

    pub(crate) fn is_over_or_held(&self) -> bool {
        self.state.is_over() || self.state == JobState::Held
    }

    pub(crate) fn is_of(&self, attempt: &AttemptId) -> bool {
        self.name.as_deref() == Some(attempt.as_str())
    }

    /// Held as we asked: the document may come.
    pub(crate) fn keeps_hold(&self) -> bool {
        self.state == JobState::Held && self.started != Some(true) && self.is_held_by_wish()
    }

    /// It was taken back, and the printer says that it had not started.
    pub(crate) fn ended_unstarted(&self) -> bool {
        matches!(self.state, JobState::Canceled | JobState::Aborted) && self.started == Some(false)
    }

    /// PAPPL gives no reasons, but repeats the wish.
    fn is_held_by_wish(&self) -> bool {
        self.says("job-hold-until-specified") || (self.reasons.is_empty() && self.hold_asked)
    }

    /// Nothing has started, and nothing can before it is released or gets a document.
    ///
    /// Not with `job-incoming` alone: half a document is printed when its sender is cut off. Not after it started: CUPS
    /// holds a job again whose card came out and whose backend failed; for a job that is known to be released, only a
    /// printer that says it has not started is believed.
    pub(crate) fn waits_for_us(&self, released: bool) -> bool {
        let unstarted = if released { self.started == Some(false) } else { self.started != Some(true) };
        self.state == JobState::Held && unstarted && (self.is_held_by_wish() || self.says("job-data-insufficient"))
    }

    /// What became of a job that was cancelled while it waited.
    pub(crate) fn is_canceled_cardless(&self) -> bool {
        self.state == JobState::Canceled && self.started != Some(true)
    }

    fn says(&self, reason: &str) -> bool {
        self.reasons.iter().any(|said| said == reason)
    }
}

/// Said of a card that a restart came between: the contract's own word, as IPP has none.
const REASON_RESTARTED: &str = "printer-restarted";

/// Said of a job that counts more impressions than a card has: the contract's own word too.
const REASON_SEVERAL_IMPRESSIONS: &str = "several-impressions";

/// What the jobs that bear the attempt's name say about it, if the printer has not `restarted` since.
pub(crate) fn found(attempt: &AttemptRef, jobs: &[Job], printer_reasons: &[String], restarted: bool) -> Found {
    let job = match jobs {
        // IPP printers forget: after a restart, and after 60 s or some hundred jobs.
        [] => return Found::NeverSeen { certain: false },
        [job] => job,
        // One attempt is one job. Whatever these are, nobody can say how many cards they made.
        [_, _, ..] => return several(jobs, printer_reasons),
    };
    let both = || merged(printer_reasons, &job.reasons);
    if restarted && attempt.releasing {
        // A held job may be one whose release and card were not written down; one under way may be the second card.
        let reasons = merged(&[REASON_RESTARTED.to_owned()], &job.reasons);
        return Found::Ended(Ending { blank: Blank::Unknown, card: Card::Unknown, reasons });
    }
    match job.state {
        JobState::Held if job.waits_for_us(attempt.releasing) => Found::Held,
        JobState::Held if job.started == Some(true) => Found::Printing { reasons: both() },
        JobState::Pending | JobState::Held => Found::Queued,
        JobState::Processing | JobState::Stopped | JobState::Unclear => Found::Printing { reasons: both() },
        // Both states are reported with a card in the output hopper.
        JobState::Canceled | JobState::Aborted => {
            Found::Ended(Ending { blank: Blank::Unknown, card: Card::Unknown, reasons: both() })
        }
        JobState::Completed => Found::Ended(completed(attempt, job)),
    }
}

fn several(jobs: &[Job], printer_reasons: &[String]) -> Found {
    let reasons = jobs.iter().fold(printer_reasons.to_vec(), |reasons, job| merged(&reasons, &job.reasons));
    if jobs.iter().all(|job| job.state.is_over()) {
        Found::Ended(Ending { blank: Blank::Unknown, card: Card::Unknown, reasons })
    } else {
        Found::Printing { reasons }
    }
}

/// `completed` is believed only of a document that is known to be whole, and of a job that printed something.
fn completed(attempt: &AttemptRef, job: &Job) -> Ending {
    let id_saved = attempt.printer_job.as_ref().map(|saved| *saved == job.id.to_string());
    // A saved job id without acknowledgement comes from `prepare`, which gives one only for a whole, held document.
    let whole = if attempt.acknowledged { id_saved != Some(false) } else { id_saved == Some(true) };
    // Fewer are no proof of less: some printers count cards, and not their sides.
    let several = job.impressions.is_some_and(|made| i64::from(made) > i64::from(attempt.impressions));
    let (blank, card) = match job.impressions {
        Some(0) => (Blank::Unknown, Card::Unknown),
        _ if several => (Blank::Fed, Card::Unknown),
        _ if job.says("job-completed-with-errors") => (Blank::Unknown, Card::Unknown),
        _ if whole => (Blank::Fed, Card::Good),
        Some(1..) => (Blank::Fed, Card::Unknown),
        Some(i32::MIN..=-1) | None => (Blank::Unknown, Card::Unknown),
    };
    let several = several.then(|| REASON_SEVERAL_IMPRESSIONS.to_owned());
    // Without the printer's reasons: those of an earlier job stay while it is idle.
    Ending { blank, card, reasons: merged(several.as_slice(), &job.reasons) }
}

fn merged(first: &[String], second: &[String]) -> Vec<String> {
    let mut all = first.to_vec();
    all.extend(second.iter().filter(|reason| !first.contains(reason)).cloned());
    all
}

fn reasons(attributes: &IppAttributeGroup, name: &str, keyword: fn(&str) -> &str) -> Vec<String> {
    let mut all = Vec::new();
    for text in texts(attributes, name) {
        let keyword = keyword(&text);
        if all.len() < REASONS_MAX && is_reason(&text) && !all.iter().any(|known| known == keyword) {
            all.push(keyword.to_owned());
        }
    }
    all
}

fn resolutions_dpi(printer: &IppAttributeGroup, name: &str) -> Vec<u32> {
    let mut all = Vec::new();
    for value in values(printer, name) {
        let IppValue::Resolution { cross_feed, feed, units } = value else { continue };
        // A card is drawn in square dots.
        if cross_feed != feed {
            continue;
        }
        let dpi = match units {
            3 => u32::try_from(*feed).ok(),
            // Dots per centimetre; 118 is what 300 dpi is called there.
            4 => u32::try_from((i64::from(*feed) * 254 + 50) / 100).ok(),
            _ => None,
        };
        all.extend(dpi.filter(|dpi| *dpi > 0 && !all.contains(dpi)));
    }
    all
}

fn supplies(printer: &IppAttributeGroup) -> Vec<Supply> {
    let levels = integers(printer, "marker-levels");
    let percent = |level: i32| u8::try_from(level).ok().filter(|percent| *percent <= 100);
    let name_and_level = |(position, name)| {
        // Negative: -1 unavailable, -2 unknown, -3 some left.
        let level_percent = levels.get(position).copied().and_then(percent);
        Supply { name, level_percent }
    };
    texts(printer, "marker-names").into_iter().enumerate().map(name_and_level).collect()
}

/// One value or several; none where the attribute is missing. Of an attribute that comes twice, the first.
fn values<'a>(attributes: &'a IppAttributeGroup, name: &str) -> impl Iterator<Item = &'a IppValue> {
    attributes.get(name).into_iter().flat_map(|attribute| attribute.value().into_iter())
}

pub(crate) fn integers(attributes: &IppAttributeGroup, name: &str) -> Vec<i32> {
    values(attributes, name).filter_map(|value| value.as_integer().or_else(|| value.as_enum()).copied()).collect()
}

pub(crate) fn octets<'a>(attributes: &'a IppAttributeGroup, name: &str) -> Option<&'a [u8]> {
    values(attributes, name)
        .find_map(|value| if let IppValue::OctetString(bytes) = value { Some(&**bytes) } else { None })
}

fn count(attributes: &IppAttributeGroup, name: &str) -> Option<u64> {
    integers(attributes, name).first().and_then(|count| u64::try_from(*count).ok())
}

pub(crate) fn texts(attributes: &IppAttributeGroup, name: &str) -> Vec<String> {
    // Without control characters: what a printer says is shown on terminals.
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).collect();
    values(attributes, name).filter_map(text).map(clean).collect()
}

fn text(value: &IppValue) -> Option<&str> {
    if let IppValue::Keyword(text)
    | IppValue::MimeMediaType(text)
    | IppValue::NameWithoutLanguage(text)
    | IppValue::NameWithLanguage { name: text, .. } = value
    {
        Some(text)
    } else if let IppValue::TextWithoutLanguage(text) | IppValue::TextWithLanguage { text, .. } = value {
        Some(text)
    } else if let IppValue::Uri(text) = value {
        Some(text)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{keyword, keywords, media_type, name};
    use ipp::attribute::IppAttribute;

    fn attributes(tag: DelimiterTag, list: &[(&str, IppValue)]) -> IppAttributeGroup {
        let mut group = IppAttributeGroup::new(tag);
        for (name, value) in list {
            group.attributes_mut().push(IppAttribute::with_name(name, value.clone()).unwrap());
        }
        group
    }

    fn printer(list: &[(&str, IppValue)]) -> IppAttributeGroup {
        attributes(DelimiterTag::PrinterAttributes, list)
    }

    fn operations(list: &[i32]) -> IppValue {
        IppValue::Array(list.iter().copied().map(IppValue::Enum).collect())
    }

    fn job(state: JobState, reasons: &[&str]) -> Job {
        let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        let name = Some("a-1".to_owned());
        Job {
            id: 7,
            name,
            state,
            reasons,
            impressions: Some(1),
            hold_asked: false,
            started: None,
            printer_up_time: None,
            created_at: None,
        }
    }

    fn attempt(printer_job: Option<&str>, acknowledged: bool) -> AttemptRef {
        let printer_job = printer_job.map(str::to_owned);
        AttemptRef {
            id: AttemptId::new("a-1").unwrap(),
            printer_job,
            boot: None,
            releasing: true,
            impressions: 1,
            acknowledged,
        }
    }

    fn ended(blank: Blank, card: Card) -> Found {
        Found::Ended(Ending { blank, card, reasons: Vec::new() })
    }

    #[test]
    fn what_a_printer_can_is_read_whether_it_has_one_value_or_several() {
        let inch = |feed, units| IppValue::Resolution { cross_feed: feed, feed, units };
        let oblong = IppValue::Resolution { cross_feed: 300, feed: 600, units: 3 };
        let read = capabilities(&printer(&[
            ("printer-make-and-model", IppValue::new_text_without_language("Kartu 1").unwrap()),
            ("document-format-supported", IppValue::Array(vec![media_type("image/png"), media_type("image/urf")])),
            ("document-format-supported", media_type("application/pdf")),
            ("media-supported", keyword("iso_id-1_53.98x85.6mm")),
            ("printer-resolution-supported", IppValue::Array(vec![inch(300, 3), inch(118, 4), inch(-1, 3), oblong])),
            ("sides-supported", keywords(&["one-sided", "two-sided-long-edge"])),
            ("color-supported", IppValue::Boolean(true)),
            ("pwg-raster-document-type-supported", keywords(&["srgb_8", "black_1"])),
            ("pwg-raster-document-resolution-supported", inch(600, 3)),
            ("pwg-raster-document-sheet-back", keyword("rotated")),
            ("urf-supported", keyword("RS300-600")),
            ("printer-up-time", IppValue::Integer(60)),
            ("printer-impressions-completed", IppValue::Integer(-1)),
        ]));

        let expected = Capabilities {
            make_and_model: Some("Kartu 1".into()),
            document_formats: vec!["image/png".into(), "image/urf".into()],
            media: vec!["iso_id-1_53.98x85.6mm".into()],
            resolutions_dpi: vec![300],
            sides: vec!["one-sided".into(), "two-sided-long-edge".into()],
            color: Some(true),
            rasters: Rasters {
                pwg_types: vec!["srgb_8".into(), "black_1".into()],
                pwg_resolutions_dpi: vec![600],
                pwg_sheet_back: Some("rotated".into()),
                urf: vec!["RS300-600".into()],
            },
            can_hold: false,
            holds_rasters: false,
            prepare_is_sent: true,
            up_time_s: Some(60),
            impressions_completed: None,
            cautions: read.cautions.clone(),
            objections: Vec::new(),
        };
        assert_eq!(read, expected);
        let silent = capabilities(&printer(&[]));
        let cautions = silent.cautions.clone();
        assert_eq!(silent, Capabilities { prepare_is_sent: true, cautions, ..Capabilities::default() });
    }

    #[test]
    fn unix_time_is_no_up_time() {
        let cups = printer(&[("printer-up-time", IppValue::Integer(1_800_000_000))]);

        assert_eq!(capabilities(&cups).up_time_s, None);
    }

    #[test]
    fn a_printer_that_cannot_release_cannot_hold() {
        let until = || ("job-hold-until-supported", keywords(&["no-hold", "indefinite"]));
        let night = || ("job-hold-until-supported", keywords(&["no-hold", "night"]));
        for (expected, list) in [
            (Some(HoldBy::Attribute), vec![until(), ("operations-supported", operations(&[5, 6, 0x0c, 0x0d]))]),
            (Some(HoldBy::Attribute), vec![until(), ("operations-supported", operations(&[0x0d]))]),
            (Some(HoldBy::Operation), vec![night(), ("operations-supported", operations(&[0x0c, 0x0d]))]),
            (Some(HoldBy::Operation), vec![("operations-supported", operations(&[0x0c, 0x0d]))]),
            (None, vec![until(), ("operations-supported", operations(&[5, 6, 0x0c]))]),
            (None, vec![night(), ("operations-supported", operations(&[0x0d]))]),
            (None, vec![until()]),
        ] {
            assert_eq!(holding(&printer(&list)), expected, "{list:?}");
        }
    }

    #[test]
    fn status_has_reasons_as_the_printer_says_them_without_none() {
        let read = status(&printer(&[
            ("printer-state", IppValue::Enum(4)),
            ("printer-state-reasons", keywords(&["media-empty-warning", "none", "media-empty-error", "other"])),
            ("printer-is-accepting-jobs", IppValue::Boolean(false)),
            ("marker-names", IppValue::Array(vec![name("YMCKO"), name("overlay"), name("cleaner"), name("x")])),
            ("marker-levels", IppValue::Array(vec![80, -2, 101].into_iter().map(IppValue::Integer).collect())),
        ]));

        let supply = |name: &str, level_percent| Supply { name: name.into(), level_percent };
        let expected = PrinterStatus {
            condition: Condition::Processing,
            reasons: vec!["media-empty-warning".into(), "media-empty-error".into(), "other".into()],
            accepting_jobs: false,
            supplies: vec![
                supply("YMCKO", Some(80)),
                supply("overlay", None),
                supply("cleaner", None),
                supply("x", None),
            ],
        };
        assert_eq!(read, Some(expected));
        assert_eq!(status(&printer(&[("printer-state", IppValue::Enum(9))])), None);
        assert_eq!(status(&printer(&[])), None);
    }

    #[test]
    fn a_job_is_read_with_any_attributes_but_not_without_an_id() {
        let read = |list: &[(&str, IppValue)]| Job::read(&attributes(DelimiterTag::JobAttributes, list));
        let id = || ("job-id", IppValue::Integer(7));

        assert_eq!(read(&[("job-name", name("a-1"))]), None);
        let unclear = job(JobState::Unclear, &[]);
        let bare = Job { name: None, impressions: None, ..unclear };
        assert_eq!(read(&[id()]), Some(bare.clone()));
        assert_eq!(read(&[id(), ("job-state", IppValue::Enum(77)), ("job-name", IppValue::NoValue)]), Some(bare));
        let held = read(&[
            id(),
            ("job-name", name("a-1")),
            ("job-state", IppValue::Enum(4)),
            ("job-state-reasons", keyword("job-hold-until-specified")),
            ("job-impressions-completed", IppValue::Integer(0)),
            ("time-at-processing", IppValue::NoValue),
        ]);
        let expected =
            Job { impressions: Some(0), started: Some(false), ..job(JobState::Held, &["job-hold-until-specified"]) };
        assert_eq!(held, Some(expected));
        assert_eq!(read(&[id(), ("time-at-processing", IppValue::Integer(3))]).unwrap().started, Some(true));
    }

    #[test]
    fn completed_is_a_good_card_only_of_a_whole_document_that_made_an_impression() {
        let done = job(JobState::Completed, &[]);
        let blank = Job { impressions: Some(0), ..done.clone() };
        let silent = Job { impressions: None, ..done.clone() };
        let good = || ended(Blank::Fed, Card::Good);
        let unknown = || ended(Blank::Unknown, Card::Unknown);
        for (name, attempt, job, expected) in [
            ("acknowledged", attempt(Some("7"), true), &done, good()),
            ("acknowledged, id not saved", attempt(None, true), &done, good()),
            ("acknowledged, impressions not told", attempt(Some("7"), true), &silent, good()),
            ("acknowledged, no impression", attempt(Some("7"), true), &blank, unknown()),
            ("acknowledged, another job id", attempt(Some("8"), true), &done, unknown_fed()),
            ("held upload, answer to release lost", attempt(Some("7"), false), &done, good()),
            ("held upload, no impression", attempt(Some("7"), false), &blank, unknown()),
            ("half a document perhaps", attempt(None, false), &done, unknown_fed()),
            ("half a document perhaps, not told", attempt(None, false), &silent, unknown()),
        ] {
            assert_eq!(found(&attempt, std::slice::from_ref(job), &["media-jam".into()], false), expected, "{name}");
        }
        let errors = job_with_errors();
        let Found::Ended(ending) = found(&attempt(Some("7"), true), &[errors], &[], false) else {
            panic!("it has ended")
        };
        assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
    }

    fn unknown_fed() -> Found {
        ended(Blank::Fed, Card::Unknown)
    }

    fn job_with_errors() -> Job {
        job(JobState::Completed, &["job-completed-with-errors"])
    }

    #[test]
    fn a_job_that_ended_badly_may_be_a_card_and_names_the_printers_reasons_first() {
        for state in [JobState::Canceled, JobState::Aborted] {
            let job = job(state, &["aborted-by-system", "media-jam"]);

            let Found::Ended(ending) = found(&attempt(Some("7"), true), &[job], &["media-jam".into()], false) else {
                panic!("it has ended")
            };

            assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
            assert_eq!(ending.reasons, ["media-jam", "aborted-by-system"]);
        }
    }

    #[test]
    fn only_a_job_that_waits_for_us_and_has_not_started_is_held() {
        let with = |reasons: &[&str], started| Job { started, ..job(JobState::Held, reasons) };
        let hold = "job-hold-until-specified";
        let printing = || Found::Printing { reasons: vec![hold.to_owned()] };
        for (job, releasing, expected) in [
            (with(&[hold], None), false, Found::Held),
            (with(&[hold], Some(false)), false, Found::Held),
            (with(&[hold], Some(false)), true, Found::Held),
            (with(&["job-data-insufficient"], None), false, Found::Held),
            (with(&[hold, "job-incoming"], None), false, Found::Held),
            (with(&["job-incoming"], None), false, Found::Queued),
            (with(&[], None), false, Found::Queued),
            (with(&[hold], None), true, Found::Queued),
            (with(&[hold], Some(true)), false, printing()),
            (with(&[hold], Some(true)), true, printing()),
        ] {
            let attempt = AttemptRef { releasing, ..attempt(Some("7"), false) };
            assert_eq!(found(&attempt, std::slice::from_ref(&job), &[], false), expected, "{job:?}");
        }
        let pappl = Job { hold_asked: true, ..with(&[], Some(false)) };
        assert!(pappl.keeps_hold() && pappl.waits_for_us(true));
        let incoming = Job { hold_asked: true, ..with(&["job-incoming"], Some(false)) };
        assert!(!incoming.keeps_hold() && !incoming.waits_for_us(false));
    }

    #[test]
    fn every_other_state_is_under_way() {
        let reasons = || vec!["media-empty".to_owned(), "job-printing".to_owned()];
        for (state, expected) in [
            (JobState::Pending, Found::Queued),
            (JobState::Processing, Found::Printing { reasons: reasons() }),
            (JobState::Stopped, Found::Printing { reasons: reasons() }),
            (JobState::Unclear, Found::Printing { reasons: reasons() }),
        ] {
            let job = job(state, &["job-printing"]);
            assert_eq!(found(&attempt(None, false), &[job], &["media-empty".into()], false), expected);
        }
    }

    #[test]
    fn several_jobs_of_one_name_prove_nothing() {
        let done = job(JobState::Completed, &[]);
        let gone = job(JobState::Canceled, &[]);
        let live = job(JobState::Pending, &[]);

        let over = found(&attempt(Some("7"), true), &[done.clone(), gone], &[], false);
        let under_way = found(&attempt(Some("7"), true), &[done, live], &[], false);

        assert_eq!(over, ended(Blank::Unknown, Card::Unknown));
        assert_eq!(under_way, Found::Printing { reasons: Vec::new() });
        assert_eq!(found(&attempt(Some("7"), true), &[], &[], false), Found::NeverSeen { certain: false });
    }

    #[test]
    fn after_a_restart_no_word_of_a_released_job_is_a_proof_and_a_held_one_that_was_not_released_still_waits() {
        for state in [JobState::Held, JobState::Pending, JobState::Processing, JobState::Completed, JobState::Aborted] {
            let one = job(state, &["job-hold-until-specified"]);
            let Found::Ended(ending) = found(&attempt(Some("7"), true), &[one], &[], true) else { panic!("{state:?}") };
            assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
            assert_eq!(ending.reasons.first().map(String::as_str), Some("printer-restarted"));
        }
        let held = job(JobState::Held, &["job-hold-until-specified"]);
        let intent = AttemptRef { releasing: false, ..attempt(Some("7"), false) };
        assert_eq!(found(&intent, &[held], &[], true), Found::Held);
    }

    #[test]
    fn more_impressions_than_a_card_has_sides_are_no_proof_of_one_card() {
        let twice = Job { impressions: Some(2), ..job(JobState::Completed, &[]) };
        let Found::Ended(ending) = found(&attempt(Some("7"), true), &[twice], &[], false) else { panic!() };
        assert_eq!((ending.blank, ending.card), (Blank::Fed, Card::Unknown));
        assert_eq!(ending.reasons, ["several-impressions"]);
    }

    #[test]
    fn a_job_older_than_the_printer_is_of_an_earlier_run() {
        let created = |at, up| Job { created_at: Some(at), printer_up_time: Some(up), ..job(JobState::Held, &[]) };
        assert!(created(-3, 5).is_of_an_earlier_run());
        assert!(created(500, 5).is_of_an_earlier_run());
        assert!(!created(0, 5).is_of_an_earlier_run());
        assert!(!created(5, 5).is_of_an_earlier_run());
        assert!(!job(JobState::Held, &[]).is_of_an_earlier_run());
    }
}
