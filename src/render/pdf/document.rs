//! The objects of a PDF file (ISO 32000-1): pages, resources, images, graphics states.

use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, types::BlendMode, types::MaskType};

use super::{
    font::Font,
    object::{packed, resource_name},
};
use crate::{domain::card::profile::FontName, render::error::RenderError};

/// A PDF file under construction.
///
/// It contains no time and no random identifier, so that the same calls give the same bytes. Pages and forms share one
/// resource dictionary, in which each object has the name that [`resource_name`] makes of its number.
pub(super) struct Document {
    pub(super) pdf: Pdf,
    next: Ref,
    pages: Vec<Ref>,
    page_tree: Ref,
    resources: Ref,
    fonts: Vec<(FontName, Font)>,
    states: Vec<(State, Ref)>,
    shadings: Vec<Ref>,
    patterns: Vec<Ref>,
    drawables: Vec<Ref>,
    /// Something so far is neither opaque nor invisible.
    is_translucent: bool,
}

/// How a shape or a form is combined with what is below it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct State {
    /// 0 is invisible, 1 is opaque.
    pub(super) opacity: f32,
    pub(super) blend: BlendMode,
    /// A form whose lightness is the opacity of each point.
    pub(super) mask: Option<Ref>,
}

impl State {
    pub(super) const PLAIN: Self = Self { opacity: 1.0, blend: BlendMode::Normal, mask: None };
}

/// The colour space of a form's group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Colours {
    Gray,
    Rgb,
}

/// The size of an image, and its dots from the top left corner, one byte a channel.
pub(super) struct Dots<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) colours: Colours,
    pub(super) bytes: &'a [u8],
    /// One byte a dot.
    pub(super) opacity: Option<&'a [u8]>,
}

impl Document {
    pub(super) fn new() -> Self {
        let mut next = Ref::new(1);
        let (catalog, page_tree, resources) = (next.bump(), next.bump(), next.bump());
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(page_tree);
        Self {
            pdf,
            next,
            pages: Vec::new(),
            page_tree,
            resources,
            fonts: Vec::new(),
            states: Vec::new(),
            shadings: Vec::new(),
            patterns: Vec::new(),
            drawables: Vec::new(),
            is_translucent: false,
        }
    }

    /// A number for an object that does not exist yet.
    pub(super) fn reserve(&mut self) -> Ref {
        self.next.bump()
    }

    /// A font of the document, which embeds it once.
    pub(super) fn font(&mut self, name: FontName) -> Result<&mut Font, RenderError> {
        let at = if let Some(at) = self.fonts.iter().position(|(of, _)| *of == name) {
            at
        } else {
            self.fonts.push((name, Font::new(name, self.next.bump())?));
            self.fonts.len() - 1
        };
        Ok(&mut self.fonts[at].1)
    }

    /// A graphics state; equal states are one object.
    pub(super) fn state(&mut self, state: State) -> Ref {
        if let Some((_, id)) = self.states.iter().find(|(of, _)| *of == state) {
            return *id;
        }
        let id = self.reserve();
        let mut written = self.pdf.ext_graphics(id);
        written.non_stroking_alpha(state.opacity).stroking_alpha(state.opacity).blend_mode(state.blend);
        if let Some(mask) = state.mask {
            written.soft_mask().subtype(MaskType::Luminosity).group(mask);
        }
        written.finish();
        self.states.push((state, id));
        self.is_translucent = true;
        id
    }

    /// A form that is drawn as one: a transparency group.
    pub(super) fn form(&mut self, content: Content, bounds: Rect, colours: Colours) -> Ref {
        let (id, resources) = (self.reserve(), self.resources);
        let packed = packed(&content.finish());
        let mut form = self.pdf.form_xobject(id, &packed);
        form.filter(Filter::FlateDecode);
        form.bbox(bounds);
        form.pair(Name(b"Resources"), resources);
        let mut group = form.group();
        group.transparency().isolated(true);
        match colours {
            Colours::Gray => group.color_space().device_gray(),
            Colours::Rgb => group.color_space().device_rgb(),
        }
        group.finish();
        form.finish();
        self.drawables.push(id);
        id
    }

    /// An image. `None` if it has no dots, or more than the format can count.
    pub(super) fn image(&mut self, dots: &Dots<'_>) -> Option<Ref> {
        let size = [i32::try_from(dots.width).ok()?, i32::try_from(dots.height).ok()?];
        if size.contains(&0) {
            return None;
        }
        self.is_translucent |= dots.opacity.is_some();
        let mask = dots.opacity.map(|opacity| self.samples(size, Colours::Gray, opacity, None));
        let id = self.samples(size, dots.colours, dots.bytes, mask);
        self.drawables.push(id);
        Some(id)
    }

    fn samples(&mut self, [width, height]: [i32; 2], colours: Colours, bytes: &[u8], mask: Option<Ref>) -> Ref {
        let id = self.reserve();
        let packed = packed(bytes);
        let mut image = self.pdf.image_xobject(id, &packed);
        image.filter(Filter::FlateDecode);
        image.width(width).height(height).bits_per_component(8);
        match colours {
            Colours::Gray => image.color_space().device_gray(),
            Colours::Rgb => image.color_space().device_rgb(),
        }
        if let Some(mask) = mask {
            image.s_mask(mask);
        }
        image.finish();
        id
    }

    /// A pattern that fills with a shading.
    pub(super) fn pattern(&mut self, shading: Ref, matrix: [f32; 6]) -> Ref {
        let id = self.reserve();
        let mut pattern = self.pdf.shading_pattern(id);
        pattern.shading_ref(shading).matrix(matrix);
        pattern.finish();
        self.patterns.push(id);
        id
    }

    /// Makes a shading usable without a pattern.
    pub(super) fn name_shading(&mut self, shading: Ref) {
        self.shadings.push(shading);
    }

    /// Adds a page of `size` points.
    pub(super) fn add_page(&mut self, content: Content, size: [f32; 2], trim: Option<Rect>) {
        let (id, content_id) = (self.reserve(), self.reserve());
        self.pdf.stream(content_id, &packed(&content.finish())).filter(Filter::FlateDecode);
        let mut page = self.pdf.page(id);
        page.parent(self.page_tree).media_box(Rect::new(0.0, 0.0, size[0], size[1])).contents(content_id);
        page.pair(Name(b"Resources"), self.resources);
        if let Some(trim) = trim {
            page.trim_box(trim);
        }
        if self.is_translucent {
            // Colours are blended as they are on a screen, not as inks.
            let mut group = page.group();
            group.transparency().isolated(true);
            group.color_space().device_rgb();
            group.finish();
        }
        page.finish();
        self.pages.push(id);
    }

    /// The bytes of the file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, RenderError> {
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        self.pdf.pages(self.page_tree).kids(self.pages).count(count);
        let fonts: Vec<Ref> = self.fonts.iter().map(|(_, font)| font.id()).collect();
        for (_, font) in self.fonts {
            font.write(&mut self.pdf, &mut self.next)?;
        }
        let states = self.states.iter().map(|(_, id)| *id).collect();
        let mut resources = self.pdf.indirect(self.resources).dict();
        let kinds: [(&[u8], Vec<Ref>); 5] = [
            (b"Font", fonts),
            (b"ExtGState", states),
            (b"Shading", self.shadings),
            (b"Pattern", self.patterns),
            (b"XObject", self.drawables),
        ];
        for (kind, ids) in kinds {
            let mut named = resources.insert(Name(kind)).dict();
            for id in ids {
                named.pair(Name(resource_name(id).as_bytes()), id);
            }
        }
        resources.finish();
        Ok(self.pdf.finish())
    }
}
