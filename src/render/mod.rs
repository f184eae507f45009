//! Rendering: from a card profile, a record and a photo to the document for a printer. Pure: no clock, no files; the
//! only state is caches.
//!
//! A side is an SVG drawing with places (`template`). Texts are fitted to their places (`text`), the photo is cropped
//! to its place (`cetak_picture::photo`), and codes consist of whole dots (`code`). The parts that are the same on all
//! cards are drawn once. The dots are encoded as PNG, PWG raster or Apple raster (`cetak_picture::raster`); a PDF is
//! made from the drawing itself.

mod area;
mod card;
mod code;
mod error;
mod fonts;
mod output;
mod pdf;
mod renderer;
mod side;
mod template;
mod text;

pub use cetak_picture::{
    photo::{Background, PhotoError},
    picture::Ink,
    raster::{SheetBack, Sides},
};

pub use self::{
    card::{Card, CardRenderer},
    code::{CodeError, outline as code_outline},
    error::{ProfileFault, RenderError},
    output::{Format, Output},
    renderer::Renderer,
};
