//! Signs what events have players ask for.

use super::element::optional;
use super::level::Level;
use super::names::is_presented;
use super::signer::{Signer, Uncovered};
use crate::dash::document::Element;
use crate::resource::Reading;

impl Signer<'_> {
    /// Signs what the events of a stream have players ask for. What else stands in them is no part of the MPD.
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
                    |signer: &Self, uri: &str| optional(signer.resolver.place_without_media(uri, bases));
                if let Some(data) = event.attribute("messageData") {
                    let place = called(self, &data.value());
                    self.attribute(&data, place)?;
                }
                if event.content().is_some_and(|content| !content.trim_ascii().is_empty()) {
                    self.content(event, &mut { called })?;
                }
            }
            for presented in event.children().filter(|child| is_presented(child.name())) {
                for attribute in presented.attributes().filter(|a| matches!(a.name, "uri" | "url")) {
                    let place = self.place_to_read(&attribute.value(), bases, Reading::Mpd);
                    self.attribute(&attribute, place)?;
                }
            }
        }
        Ok(())
    }
}
