//! Requests that the driver does not send, as bytes.

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

pub(crate) fn name(text: &str) -> IppValue {
    IppValue::new_name_without_language(text).unwrap()
}

/// An IPP request with these attributes.
pub(crate) fn message(printer_uri: &str, operation: u16, attributes: &[(&str, IppValue)]) -> Vec<u8> {
    let mut message = IppRequestResponse::new(IppVersion::v2_0(), Operation::CreateJob, None).unwrap();
    message.header_mut().operation_or_status = operation.cast_signed();
    let printer = ("printer-uri", IppValue::new_uri(printer_uri).unwrap());
    for (attribute, value) in [&[printer], attributes].concat() {
        let attribute = IppAttribute::with_name(attribute, value).unwrap();
        message.attributes_mut().add(DelimiterTag::OperationAttributes, attribute);
    }
    message.to_bytes().to_vec()
}

/// An HTTP request with that `Content-Length`, which may be more than the body.
pub(crate) fn http_request(path: &str, body: &[u8], length: usize) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
