//! The drivers and the renderer. No other file names a driver.

use std::{collections::BTreeMap, sync::Arc};

use cetak_driver_api::PrinterDriver;

use super::system::SystemClock;
use crate::{
    domain::card::profile::CardProfile,
    engine::{DriverFactory, RendererFactory, clock::Clock},
    render::{CardRenderer, Renderer},
};

/// Creates the renderer of a card profile.
pub fn renderers() -> RendererFactory {
    Arc::new(|profile: &CardProfile| Ok(Arc::new(Renderer::new(profile)?) as Arc<dyn CardRenderer>))
}

/// The options of an IPP printer.
pub(super) type Options = cetak_driver_ipp::Options;

/// The options of IPP printers, by the printer's name.
pub type PrinterOptions = BTreeMap<String, Options>;

/// Creates the driver for a printer by the scheme of its URI: `ipp`, `ipps` or `mock`. A mock printer has no options.
pub fn drivers(options: PrinterOptions, clock: SystemClock) -> DriverFactory {
    let none = Options::default();
    Arc::new(move |name: &str, uri: &str| -> Result<Arc<dyn PrinterDriver>, String> {
        let clock = clock.clone();
        let utc = clock.clone();
        let now = Arc::new(move || utc.now().0);
        let scheme = uri.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match (scheme.as_deref(), options.get(name)) {
            (Some("mock"), Some(_)) => Err(format!(
                "printer `{name}` is a mock and has no options; hint: remove `[printer.{name}]` from the settings"
            )),
            (Some("mock"), None) => {
                Ok(Arc::new(cetak_driver_mock::MockPrinter::from_uri(uri, now).map_err(|e| e.to_string())?))
            }
            (Some("ipp" | "ipps"), options) => {
                let printer =
                    cetak_driver_ipp::IppPrinter::new(uri, options.unwrap_or(&none), now).map_err(|e| e.to_string())?;
                Ok(Arc::new(printer.with_elapsed(Arc::new(move || clock.elapsed()))))
            }
            _ => Err("a printer's URI must begin with `ipp://`, `ipps://` or `mock://`".into()),
        }
    })
}
