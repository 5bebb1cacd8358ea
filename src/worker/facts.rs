//! Reads a request once.
//!
//! Each header and each member of `cf` that Rust asks for is a crossing between WebAssembly and JavaScript, which costs more
//! than the work on it. So one function of JavaScript writes all of them as one text into WebAssembly's memory, in the same room
//! for every request.

use std::cell::{Cell, RefCell};
use std::str::FromStr;

use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

use crate::catalog::host_name;
use crate::denial::{Denial, Reason};
use crate::facts::{Connection, Coordinates, Facts, Geography, Headers, Method, Scheme};
use crate::fault::{Fault, FaultKind};
use crate::redacted::Redacted;
use crate::stop::Stop;

/// The variable that lets a request name its own place: for development, never set in production.
const OVERRIDE_VARIABLE: &str = "GEOGRAPHY_OVERRIDE";
const OVERRIDE_HEADER: &str = "Stagedoor-Geography";

// The fields in the order in which `read` takes them, with NUL between them, which no method, URL or header value holds
// (RFC 9110 section 5.5). `If-Range` means nothing without `Range` (section 13.1.5). What viewer tokens may need is read at
// the entry alone: a session's token says all that the path does not. Ad servers learn of the device, so it is read for breaks, too.
//
// `benches/twin/` reads the same headers and members, and has to follow.
//
// https://developers.cloudflare.com/workers/runtime-apis/request/#incomingrequestcfproperties
#[wasm_bindgen(inline_js = r#"
const SESSION = /^[^/]*\/\/[^/]*\/((~|%7e)|[^?]*[?](.*&)?sd_session=)/i;
const BREAK = "/_stagedoor/break/";
let room = new Uint8Array();
let unwritten = "";

export function giveRoom(bytes) {
  room = bytes;
}

export function readFacts(request, placeFromHeader) {
  const { method, url, headers, cf } = request;
  // Set and empty, it is an unknown place.
  const place = placeFromHeader ? headers.get("Stagedoor-Geography") : null;
  const range = headers.get("Range");
  const fields = [
    method,
    url,
    place === null ? "" : `=${place}`,
    headers.get("CF-Connecting-IP"),
    headers.get("Origin"),
    range,
    range === null ? null : headers.get("If-Range"),
    headers.get("If-None-Match"),
    headers.get("If-Modified-Since"),
    cf?.country,
    cf?.regionCode,
    cf?.continent,
    cf?.metroCode,
    cf?.postalCode,
    cf?.latitude,
    cf?.longitude,
    cf?.asn,
  ];
  if (!SESSION.test(url) || url.includes(BREAK)) {
    fields.push(cf?.httpProtocol, cf?.botManagement?.ja3Hash, cf?.botManagement?.ja4);
    for (const [name, value] of headers) fields.push(name, value);
  }
  const text = fields.join("\0");
  const { length } = text;
  if (length <= room.length) {
    let at = 0;
    for (; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code > 127) break;
      room[at] = code;
    }
    if (at === length) return length;
  }
  unwritten = text;
  return -1;
}

export function unwrittenFacts() {
  const text = unwritten;
  unwritten = "";
  return text;
}
"#)]
extern "C" {
    /// Says where `readFacts` may write: until WebAssembly's memory grows, which takes the room's length away.
    #[wasm_bindgen(js_name = giveRoom)]
    fn give_room(room: &mut [u8]);

    /// Writes the fields into the room, and returns their length; -1: there is no room, or they are not ASCII, and
    /// [`unwritten_facts`] returns them.
    #[wasm_bindgen(js_name = readFacts)]
    fn read_facts(request: &web_sys::Request, place_from_header: bool) -> i32;

    #[wasm_bindgen(js_name = unwrittenFacts)]
    fn unwritten_facts() -> String;
}

/// The room for the fields of a request, in bytes: two or three times what a request at the entry has with its token.
const ROOM: usize = 8 * 1024;

thread_local! {
    static FIELDS: RefCell<Vec<u8>> = RefCell::new(vec![0; ROOM]);
    /// Whether JavaScript has the room of this instance.
    static IS_GIVEN: Cell<bool> = const { Cell::new(false) };
}

/// Reads a request. A request that is refused at sight has facts too, since its refusal follows its site's policy as any other
/// does.
pub(super) fn read(request: &web_sys::Request, place_from_header: bool) -> (Facts, Result<(), Stop>) {
    FIELDS.with_borrow_mut(|room| {
        if !IS_GIVEN.replace(true) {
            give_room(room);
        }
        let Ok(length) = usize::try_from(read_facts(request, place_from_header)) else {
            IS_GIVEN.set(false);
            return facts(&unwritten_facts());
        };
        facts(str::from_utf8(room.get(..length).unwrap_or_default()).unwrap_or_default())
    })
}

/// Reads the fields of a request.
fn facts(text: &str) -> (Facts, Result<(), Stop>) {
    let mut fields = Fields(Some(text));
    let method = Method::from_name(fields.text());
    let url = fields.text();
    let Some(parts) = Parts::of(url) else {
        let fault = Fault::new(FaultKind::Platform, "expected a URL with a scheme and a host".to_owned());
        return (Facts { method, ..Facts::default() }, Err(fault.into()));
    };
    let place = fields.text().strip_prefix('=');
    let address = fields.parsed();
    let mut headers = Headers {
        authorization: None,
        origin: fields.owned().filter(|origin| origin.len() <= LONGEST_ORIGIN),
        range: fields.owned(),
        if_range: fields.owned(),
        if_none_match: fields.owned(),
        if_modified_since: fields.owned(),
        all: Vec::new(),
    };
    let conditions = [&headers.range, &headers.if_range, &headers.if_none_match, &headers.if_modified_since];
    if conditions.into_iter().flatten().any(|condition| condition.len() > LONGEST_CONDITION) {
        headers =
            Headers { range: None, if_range: None, if_none_match: None, if_modified_since: None, ..headers };
    }
    let geography = fields.geography();
    let connection = fields.connection();
    while let Some(name) = fields.next() {
        headers.all.push((name.to_owned(), Redacted::new(fields.text().to_owned())));
    }
    headers.authorization = headers.named("authorization").map(|value| Redacted::new(value.to_owned()));
    let facts = Facts {
        method,
        scheme: if parts.scheme == "http" { Scheme::Http } else { Scheme::Https },
        host: host_name(parts.host).to_owned(),
        port: parts.port,
        path: parts.path.to_owned(),
        query: Redacted::new(parts.query.to_owned()),
        headers,
        address,
        geography,
        connection,
    };
    match place.map(str::parse) {
        None => (facts, Ok(())),
        Some(Ok(geography)) => (Facts { geography, ..facts }, Ok(())),
        Some(Err(error)) => {
            let denial = Denial::new(Reason::GeographyInvalid, format!("{OVERRIDE_HEADER}: {error}"));
            (facts, Err(denial.into()))
        }
    }
}

/// The longest `Origin`, in bytes: a scheme, a host and a port. No page has a longer one.
const LONGEST_ORIGIN: usize = 300;

/// The longest range or condition, in bytes: some dozens of entity tags. A request with a longer one is answered as if it had
/// none, since conditions are kept while the request waits.
const LONGEST_CONDITION: usize = 2 * 1024;

/// Whether a request may name its own place.
pub(super) fn place_from_header(env: &Env) -> bool {
    env.var(OVERRIDE_VARIABLE).is_ok_and(|value| value.to_string() == "header")
}

/// The parts of a URL that the runtime has parsed and written itself ([URL serializing]): it needs no normalising, and
/// parsing it once more took a third of the time of a request.
///
/// [URL serializing]: https://url.spec.whatwg.org/#url-serializing
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let rest = rest.split('#').next()?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/')?);
        let authority = authority.rsplit('@').next()?;
        // In front of a port, an IPv6 address ends with a bracket.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        Some(Self { scheme, host, port, path, query })
    }
}

/// The fields that `readFacts` has written and nobody has read yet. An absent field reads as an empty one.
struct Fields<'a>(Option<&'a str>);

impl<'a> Fields<'a> {
    /// The next field, if there is one. Most are empty, and the others short, so that no search by words pays.
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?;
        let end = rest.bytes().position(|byte| byte == 0);
        self.0 = end.and_then(|end| rest.get(end + 1..));
        rest.get(..end.unwrap_or(rest.len()))
    }

    fn text(&mut self) -> &'a str {
        self.next().unwrap_or_default()
    }

    fn owned(&mut self) -> Option<String> {
        Some(self.text()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn parsed<T: FromStr>(&mut self) -> Option<T> {
        self.text().parse().ok()
    }

    fn geography(&mut self) -> Geography {
        let country = Geography::in_country_of_cloudflare(self.text());
        let (subdivision, continent) = (self.owned(), self.owned());
        let dma = self.parsed();
        let postal = self.owned().map(|code| Geography::canonical_postal(&code));
        let (latitude, longitude) = (self.parsed(), self.parsed());
        let coordinates = latitude.zip(longitude);
        let coordinates = coordinates.and_then(|(lat, lon)| Coordinates::from_degrees(lat, lon));
        Geography { subdivision, continent, dma, postal, coordinates, asn: self.parsed(), ..country }
    }

    fn connection(&mut self) -> Connection {
        // Cloudflare writes `HTTP/2` where ALPN writes `h2`.
        let alpn = match self.text() {
            "HTTP/1.0" => Some("http/1.0"),
            "HTTP/1.1" => Some("http/1.1"),
            "HTTP/2" => Some("h2"),
            "HTTP/3" => Some("h3"),
            _ => None,
        };
        Connection { alpn: alpn.map(str::to_owned), ja3: self.owned(), ja4: self.owned() }
    }
}
