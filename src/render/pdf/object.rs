//! What all objects of a file have in common.

use pdf_writer::Ref;

/// Compression level of Flate streams: the usual compromise of time and size.
const LEVEL: u8 = 6;

/// The name of an object in the resource dictionary.
pub(super) fn resource_name(id: Ref) -> String {
    format!("R{}", id.get())
}

/// The bytes of a Flate stream.
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, LEVEL)
}
