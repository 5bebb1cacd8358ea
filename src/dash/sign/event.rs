//! Signs the URIs that events make players fetch.

use super::element::or_keep;
use super::level::Level;
use super::names::is_presented;
use super::signer::{Signer, Uncovered};
use crate::dash::document::Element;
use crate::resource::{BREAK_FOLDER, Reading};

impl Signer<'_> {
    /// Signs the URIs in the events of a stream. Other content of events is not part of the MPD.
    pub(super) fn event_stream(
        &mut self,
        stream: Element<'_, '_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        self.attributes(stream, level)?;
        let is_callback =
            stream.value("schemeIdUri").is_some_and(|scheme| scheme == "urn:mpeg:dash:event:callback:2015");
        let bases = level.meta();
        for event in stream.children_named("Event") {
            if is_callback && event.attribute("contentEncoding").is_none() {
                let called =
                    |signer: &Self, uri: &str| or_keep(signer.resolver.rewrite_without_media(uri, bases));
                if let Some(data) = event.attribute("messageData") {
                    let rewrite = called(self, &data.value());
                    self.sign_attribute(&data, rewrite)?;
                }
                if event.content().is_some_and(|content| !content.trim_ascii().is_empty()) {
                    self.sign_content(event, &mut { called })?;
                }
            }
            for presented in event.children().filter(|child| is_presented(child.name())) {
                for attribute in presented.attributes().filter(|a| matches!(a.name, "uri" | "url")) {
                    let uri = attribute.value();
                    let rewrite = if uri.starts_with(BREAK_FOLDER) {
                        // Shaka Player resolves it against the page's URL. With its host it leads to the same file from each base
                        // URL, so one of them is enough.
                        self.edge_resource(&uri, bases.get(..1).unwrap_or(bases), true)
                    } else {
                        self.rewrite_to_read(&uri, bases, Reading::Mpd)
                    };
                    self.sign_attribute(&attribute, rewrite)?;
                }
            }
        }
        Ok(())
    }
}
