//! One side of the card: layout and dots.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use resvg::tiny_skia::{Color, Paint, Pixmap, PixmapMut, Rect, Transform};

use cetak_picture::{
    photo::{self, PhotoLimits},
    picture::{DotArea, Ink, Picture},
};

use super::{
    area::{Area, MM_PER_INCH, whole},
    card::Subject,
    code::{self, Modules},
    error::{ProfileFault, RenderError},
    template::{Template, TemplateError},
    text::{Set, Typesetter, Unfit},
};
use crate::domain::{
    card::expression::Expression,
    card::mrz::{Sex, Td1, td1},
    card::profile::{CardFace, CodePlace, MrzPlace, Side, SignaturePlace, Symbology, TextPlace},
};

/// Distance between the letters of a machine-readable zone: ten to the inch (ICAO 9303-3, OCR-B size 1).
const MRZ_PITCH_MM: f32 = 2.54;
/// Distance between its lines: six to the inch.
const MRZ_LINE_MM: f32 = 25.4 / 6.0;
/// Em height at which OCR-B has that pitch.
const MRZ_SIZE_MM: f32 = 3.5;
/// Letters in a line of a TD1 card.
const MRZ_LETTERS: f32 = 30.0;

/// Least width and height of a signature, in pixels.
const SIGNATURE_SIDE_MIN: u32 = 16;

/// Pages kept for reuse.
const PAGES_MAX: usize = 2;

/// Largest page. At four bytes a dot it takes 200 MB; no card at 1200 dpi needs as many.
const DOTS_MAX: u64 = 50_000_000;

/// Backgrounds kept, one per resolution, with the bleed or without.
const BACKGROUNDS_MAX: usize = 4;

/// Least module width that a hand-held reader resolves.
const MODULE_MIN_MM: f32 = 0.16;

/// Dots per inch, and whether the bleed is drawn.
type BackgroundKey = (u32, bool);

/// The drawing of a side with its places.
pub(super) struct SideDrawing {
    size_mm: [f32; 2],
    bleed_mm: f32,
    template: Template,
    texts: Vec<(TextPlace, Area)>,
    photo: Option<Area>,
    signature: Option<(Picture, Area)>,
    codes: Vec<(CodePlace, Area)>,
    mrz: Option<(MrzPlace, Area)>,
    /// Backgrounds (the parts that are the same on all cards) by dots per inch, and whether they include the bleed.
    backgrounds: Mutex<Vec<(BackgroundKey, Arc<Pixmap>)>>,
    /// Pages for reuse. Each contains the background only.
    pages: Mutex<Vec<Pixmap>>,
    /// QR codes known to fit: number of the place, and length of the text in bytes.
    proved: Mutex<HashSet<(usize, usize)>>,
}

/// The texts and codes of one card's side, fitted to their places.
#[derive(Default)]
pub(super) struct Laid {
    pub(super) texts: Vec<Set>,
    pub(super) codes: Vec<(Modules, Area)>,
}

/// The dots of a page.
pub(super) struct PageDots {
    /// Dots per inch, 100 to 1200.
    pub(super) dpi: u32,
    pub(super) ink: Ink,
    /// Width and height of the page in millimetres, with the card in its middle; `None`: those of the card.
    pub(super) size_mm: Option<[f32; 2]>,
}

impl SideDrawing {
    pub(super) fn read(card: &CardFace, side: &Side, typesetter: &Typesetter) -> Result<Self, ProfileFault> {
        let size_mm = [card.width_mm, card.height_mm];
        let fault = |error: TemplateError| ProfileFault {
            file: side.template.clone(),
            line: error.line,
            message: error.message,
            hint: error.hint,
        };
        let wanted: Vec<&str> = (side.text.iter().map(|place| &place.place))
            .chain(side.photo.iter().map(|place| &place.place))
            .chain(side.signature.iter().map(|place| &place.place))
            .chain(side.code.iter().map(|place| &place.place))
            .chain(side.mrz.iter().map(|place| &place.place))
            .map(String::as_str)
            .collect();
        let template = Template::read(&side.svg, size_mm, card.bleed_mm, &wanted, typesetter).map_err(fault)?;
        let at = |name: &str| template.place(name).0;
        let small = |name: &str, message: String| {
            let (_, line) = template.place(name);
            let hint = "make the place larger, or its content smaller".to_owned();
            fault(TemplateError { line, message: format!("the place `{name}` {message}"), hint })
        };
        for place in &side.text {
            if at(&place.place).height_mm < place.size_mm {
                return Err(small(&place.place, format!("is lower than its `size_mm` of {} mm", place.size_mm)));
            }
        }
        if let Some(place) = &side.mrz {
            let area = at(&place.place);
            let (width, height) = (MRZ_LETTERS * MRZ_PITCH_MM, 3.0 * MRZ_LINE_MM);
            if area.width_mm < width || area.height_mm < height {
                return Err(small(
                    &place.place,
                    format!("is smaller than a machine-readable zone, {width} by {height:.1} mm"),
                ));
            }
        }
        Ok(Self {
            size_mm,
            bleed_mm: card.bleed_mm,
            texts: side.text.iter().map(|place| (place.clone(), at(&place.place))).collect(),
            photo: side.photo.as_ref().map(|place| at(&place.place)),
            signature: side.signature.as_ref().map(|place| signature(place, at(&place.place))).transpose()?,
            codes: side.code.iter().map(|place| (place.clone(), at(&place.place))).collect(),
            mrz: side.mrz.as_ref().map(|place| (place.clone(), at(&place.place))),
            template,
            backgrounds: Mutex::default(),
            pages: Mutex::default(),
            proved: Mutex::default(),
        })
    }

    pub(super) fn template(&self) -> &Template {
        &self.template
    }

    pub(super) fn photo(&self) -> Option<Area> {
        self.photo
    }

    pub(super) fn signature(&self) -> Option<&(Picture, Area)> {
        self.signature.as_ref()
    }

    /// Sets all texts and encodes all codes. Every error that a record can cause, except in its photo, is found here.
    pub(super) fn lay(&self, subject: &Subject<'_>, typesetter: &Typesetter) -> Result<Laid, RenderError> {
        let mut laid = Laid::default();
        for (place, area) in &self.texts {
            let set = typesetter.set(place, *area, &subject.evaluate(&place.value));
            match set {
                Ok(set) => laid.texts.push(set),
                // `TEST` does not fit a place for one or two letters, which stays empty.
                Err(_) if subject.is_test => {}
                Err(unfit) => return Err(unfit_error(&place.value, unfit)),
            }
        }
        for (place, area) in &self.codes {
            let text = subject.evaluate_plain(&place.value);
            if !text.is_empty() {
                laid.codes.push((modules(place, *area, &text)?, *area));
            }
        }
        if let Some((place, area)) = self.mrz.as_ref().filter(|_| !subject.is_test) {
            laid.texts.extend(zone(place, *area, subject, typesetter)?);
        }
        Ok(laid)
    }

    /// Checks that [`lay`](Self::lay) succeeds, in a tenth of its time: an import checks every row.
    pub(super) fn check(&self, subject: &Subject<'_>, typesetter: &Typesetter) -> Result<(), RenderError> {
        for (place, area) in &self.texts {
            let text = subject.evaluate(&place.value);
            if !typesetter.fits_at_once(place, *area, &text) {
                typesetter.set(place, *area, &text).map_err(|unfit| unfit_error(&place.value, unfit))?;
            }
        }
        for (number, (place, area)) in self.codes.iter().enumerate() {
            let text = subject.evaluate_plain(&place.value);
            // ASCII texts of one length need at most as many modules as one encoded as bytes, which lower-case letters
            // force.
            let is_ascii_qr = place.symbology == Symbology::Qr && text.is_ascii();
            let proof = (number, text.len());
            let known = || self.proved.lock().unwrap_or_else(PoisonError::into_inner).contains(&proof);
            if text.is_empty() || is_ascii_qr && known() {
                continue;
            }
            modules(place, *area, &text)?;
            if is_ascii_qr && text.bytes().any(|b| b.is_ascii_lowercase()) {
                self.proved.lock().unwrap_or_else(PoisonError::into_inner).insert(proof);
            }
        }
        if let Some((place, area)) = &self.mrz {
            zone(place, *area, subject, typesetter)?;
        }
        Ok(())
    }

    /// Renders the side, upright, in the orientation of the card. Each dot of the card is the same on a page of any size,
    /// except for the pattern of a photo in black.
    pub(super) fn paint(
        &self,
        laid: &Laid,
        photo: Option<&Picture>,
        typesetter: &Typesetter,
        dots: &PageDots,
    ) -> Result<Picture, RenderError> {
        #[expect(clippy::cast_precision_loss, reason = "at most 1200")]
        let dots_per_inch = dots.dpi as f32;
        let dots_per_mm = dots_per_inch / MM_PER_INCH;
        let background = self.background(dots.dpi, false)?;
        let mut page = self.page(&background);
        let (width, height) = (page.width(), page.height());
        let mut dithered = Vec::new();
        if let Some((picture, area)) = photo.zip(self.photo) {
            let place = dot_area(area, dots_per_mm, width, height);
            if place.width > 0 && place.height > 0 {
                lay_photo(&mut page, &photo::cover(picture, place.width, place.height), place);
                dithered.push(place);
            }
        }
        for set in &laid.texts {
            typesetter.draw(set, &mut page.as_mut(), dots_per_mm);
        }
        for (modules, area) in &laid.codes {
            lay_code(&mut page.as_mut(), modules, dot_area(*area, dots_per_mm, width, height))?;
        }
        let size =
            dots.size_mm.map(|mm| mm.map(|mm| dots_of(mm, dots_per_inch))).filter(|size| *size != [width, height]);
        let picture = match size {
            Some(_) if self.bleed_mm > 0.0 => self.bled(&page, dots.dpi, &mut dithered)?,
            Some(_) | None => Picture::from_rgba(width, height, page.data()).ok_or(RenderError::Size)?,
        };
        self.recycle(page, &background);
        let picture = match dots.ink {
            Ink::Rgb8 => picture,
            Ink::Gray8 => picture.to_gray(),
            Ink::Black1 => picture.to_black(&dithered),
        };
        match size {
            Some([width, height]) => picture.centred(width, height).ok_or(RenderError::Size),
            None => Ok(picture),
        }
    }

    /// The card with its bleed around it. Moves the dithered areas accordingly.
    fn bled(&self, card: &Pixmap, dpi: u32, dithered: &mut [DotArea]) -> Result<Picture, RenderError> {
        let mut page = (*self.background(dpi, true)?).clone();
        let (width, height) = (page.width(), page.height());
        let (beside, above) = ((width - card.width()) / 2, (height - card.height()) / 2);
        let [row, card_row, left] = [width, card.width(), beside].map(|dots| dots as usize * 4);
        let rows = page.data_mut().chunks_exact_mut(row).skip(above as usize);
        for (to, from) in rows.zip(card.data().chunks_exact(card_row)) {
            to[left..left + card_row].copy_from_slice(from);
        }
        for area in dithered {
            (area.x, area.y) = (area.x + beside, area.y + above);
        }
        Picture::from_rgba(width, height, page.data()).ok_or(RenderError::Size)
    }

    /// A page with the background, from the reused pages if one has its size.
    fn page(&self, background: &Pixmap) -> Pixmap {
        let page = self.pages.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let fits = |page: &Pixmap| (page.width(), page.height()) == (background.width(), background.height());
        page.filter(fits).unwrap_or_else(|| background.clone())
    }

    /// Keeps the memory of a page for the next card. The personal data on it are overwritten.
    fn recycle(&self, mut page: Pixmap, background: &Pixmap) {
        page.data_mut().copy_from_slice(background.data());
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() < PAGES_MAX {
            pages.push(page);
        }
    }

    /// The parts that are the same on all cards: the drawing and the signature, or the drawing with the whole dots of its
    /// bleed.
    fn background(&self, dpi: u32, with_bleed: bool) -> Result<Arc<Pixmap>, RenderError> {
        let mut backgrounds = self.backgrounds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, page)) = backgrounds.iter().find(|(of, _)| *of == (dpi, with_bleed)) {
            return Ok(page.clone());
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 1200")]
        let exact = dpi as f32;
        let dots = self.size_mm.map(|mm| dots_of(mm, exact));
        // A dot that the bleed covers partly would be lighter than the others.
        let bleed = if with_bleed { whole((self.bleed_mm / MM_PER_INCH * exact).floor()) } else { 0 };
        if dots.iter().map(|dots| u64::from(dots + 2 * bleed)).product::<u64>() > DOTS_MAX {
            return Err(RenderError::Size);
        }
        let mut page = self.template.draw(self.size_mm, self.bleed_mm, dots, [bleed; 2]).ok_or(RenderError::Size)?;
        if let Some((picture, area)) = self.signature.as_ref().filter(|_| !with_bleed) {
            let [width, height] = dots;
            sign(&mut page, picture, dot_area(*area, exact / MM_PER_INCH, width, height));
        }
        if backgrounds.len() >= BACKGROUNDS_MAX {
            backgrounds.remove(0);
        }
        let page = Arc::new(page);
        backgrounds.push(((dpi, with_bleed), page.clone()));
        Ok(page)
    }
}

/// Encodes a text, and checks that the code fits its place at [`LEAST_DPI`].
fn modules(place: &CodePlace, area: Area, text: &str) -> Result<Modules, RenderError> {
    let wrong = |error| RenderError::Code { field: fields(&place.value), error };
    let modules = code::encode(place.symbology, text).map_err(wrong)?;
    // A place that begins between two dots may be one dot smaller.
    let dots = |mm: f32| whole(mm / MM_PER_INCH * LEAST_DPI).saturating_sub(1);
    code::place(&modules, dots(area.width_mm), dots(area.height_mm), module_min(LEAST_DPI)).map_err(wrong)?;
    Ok(modules)
}

/// The lowest resolution of card printers, at which codes must fit.
const LEAST_DPI: f32 = 300.0;

/// [`MODULE_MIN_MM`] in whole dots, at least 1.
fn module_min(dpi: f32) -> u32 {
    whole((MODULE_MIN_MM / MM_PER_INCH * dpi).ceil()).max(1)
}

/// Dots of a length, rounded up. A surplus below a hundredth of a dot is a rounding error of binary millimetres, and
/// ignored.
pub(super) fn dots_of(mm: f32, dpi: f32) -> u32 {
    whole((mm / MM_PER_INCH * dpi - 0.01).ceil())
}

/// The dots of a place, cut at the edges of the page.
fn dot_area(area: Area, dots_per_mm: f32, width: u32, height: u32) -> DotArea {
    let [left, right] = [area.x_mm, area.x_mm + area.width_mm].map(|mm| whole(mm * dots_per_mm).min(width));
    let [top, bottom] = [area.y_mm, area.y_mm + area.height_mm].map(|mm| whole(mm * dots_per_mm).min(height));
    DotArea { x: left, y: top, width: right - left, height: bottom - top }
}

fn lay_photo(page: &mut Pixmap, photo: &Picture, place: DotArea) {
    let row = page.width() as usize * 4;
    let rows = page.data_mut().chunks_exact_mut(row).skip(place.y as usize);
    for (dots, photo) in rows.zip(photo.dots().chunks_exact(photo.row_bytes())) {
        let dots = dots.chunks_exact_mut(4).skip(place.x as usize);
        for (dot, colours) in dots.zip(photo.chunks_exact(3)) {
            dot[..3].copy_from_slice(colours);
        }
    }
}

/// Reads the signature. Its area is the largest that fits its place, centred.
fn signature(place: &SignaturePlace, area: Area) -> Result<(Picture, Area), ProfileFault> {
    let limits = PhotoLimits { side_min: SIGNATURE_SIDE_MIN, ..PhotoLimits::default() };
    let picture = photo::decode(&place.bytes, &limits).map_err(|error| ProfileFault {
        file: place.file.clone(),
        line: 1,
        message: error.to_string().replace("the photo", "the signature"),
        hint: "save it as PNG, dark on white".into(),
    })?;
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let scale = (area.width_mm / width).min(area.height_mm / height);
    let (width_mm, height_mm) = (width * scale, height * scale);
    let (x_mm, y_mm) = (area.x_mm + (area.width_mm - width_mm) / 2.0, area.y_mm + (area.height_mm - height_mm) / 2.0);
    Ok((picture, Area { x_mm, y_mm, width_mm, height_mm }))
}

/// Multiplies the signature onto the page: black covers, white leaves the page as it is.
fn sign(page: &mut Pixmap, picture: &Picture, place: DotArea) {
    if place.width == 0 || place.height == 0 {
        return;
    }
    let ink = photo::cover(picture, place.width, place.height).to_gray();
    let row = page.width() as usize * 4;
    let rows = page.data_mut().chunks_exact_mut(row).skip(place.y as usize);
    for (dots, ink) in rows.zip(ink.dots().chunks_exact(ink.row_bytes())) {
        for (dot, light) in dots.chunks_exact_mut(4).skip(place.x as usize).zip(ink) {
            for colour in &mut dot[..3] {
                *colour = u8::try_from(u16::from(*colour) * u16::from(*light) / 255).unwrap_or(u8::MAX);
            }
        }
    }
}

fn lay_code(page: &mut PixmapMut<'_>, modules: &Modules, place: DotArea) -> Result<(), RenderError> {
    #[expect(clippy::cast_precision_loss, reason = "dots of a card")]
    let rect = |x: u32, y: u32, w: u32, h: u32| Rect::from_xywh(x as f32, y as f32, w as f32, h as f32);
    // The least module width was checked when the code was encoded.
    let placed = code::place(modules, place.width, place.height, 1).map_err(|_| RenderError::Size)?;
    let mut paint = Paint::default();
    paint.set_color(Color::WHITE);
    if let Some(quiet) = rect(place.x, place.y, place.width, place.height) {
        page.fill_rect(quiet, &paint, Transform::identity(), None);
    }
    paint = Paint { anti_alias: false, ..Paint::default() };
    for (x, y, width, height) in placed.bars(modules) {
        if let Some(bar) = rect(place.x + x, place.y + y, width, height) {
            page.fill_rect(bar, &paint, Transform::identity(), None);
        }
    }
    Ok(())
}

/// The three lines of a machine-readable zone, centred in their place.
fn zone(place: &MrzPlace, area: Area, subject: &Subject<'_>, typesetter: &Typesetter) -> Result<Vec<Set>, RenderError> {
    let value = |expression: &Expression| subject.evaluate_plain(expression);
    let optional = |expression: &Option<Expression>| expression.as_ref().map(value).unwrap_or_default();
    let lines = td1(&Td1 {
        document_code: &value(&place.document_code),
        issuing_state: &value(&place.issuing_state),
        document_number: &value(&place.document_number),
        optional_1: &optional(&place.optional_1),
        date_of_birth: &value(&place.date_of_birth),
        sex: match value(&place.sex).as_str() {
            "M" => Sex::Male,
            "F" => Sex::Female,
            "X" | "" => Sex::Unspecified,
            _ => return Err(RenderError::MrzSex),
        },
        date_of_expiry: &value(&place.date_of_expiry),
        nationality: &value(&place.nationality),
        optional_2: &optional(&place.optional_2),
        primary_identifier: &value(&place.primary_identifier),
        secondary_identifier: &value(&place.secondary_identifier),
    })
    .map_err(RenderError::Mrz)?;
    let left = area.x_mm + (area.width_mm - MRZ_LETTERS * MRZ_PITCH_MM) / 2.0;
    let mut baseline = area.y_mm + (area.height_mm - 3.0 * MRZ_LINE_MM) / 2.0 + MRZ_LINE_MM * 0.75;
    let mut sets = Vec::new();
    for line in &lines {
        let set = typesetter.set_pitched(line, left, baseline, MRZ_PITCH_MM, MRZ_SIZE_MM);
        sets.push(set.map_err(|unfit| unfit_error(&place.document_number, unfit))?);
        baseline += MRZ_LINE_MM;
    }
    Ok(sets)
}

/// The columns that a place shows, separated by commas.
fn fields(value: &Expression) -> String {
    value.names().collect::<Vec<_>>().join(", ")
}

fn unfit_error(value: &Expression, unfit: Unfit) -> RenderError {
    let field = fields(value);
    match unfit {
        Unfit::Character(c) => RenderError::Character { field, code_point: c.into() },
        Unfit::TooLong => RenderError::TooLong { field },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_is_a_whole_number_of_dots_gets_no_dot_more() {
        for (mm, dots) in [(50.8, 600), (76.2, 900), (60.96, 720), (53.98, 638), (85.60, 1012)] {
            assert_eq!(dots_of(mm, 300.0), dots, "{mm}");
        }
    }
}
