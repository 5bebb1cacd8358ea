//! Bodies read whole, up to a limit.

use std::time::Duration;

use futures_util::StreamExt;
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use worker::{ByteStream, Request, Response};

use super::runtime::now_ms;
use super::{isolate, single_flight};
use crate::shelf::{Purpose, Reservation};

/// A body, or how many bytes had come when it was longer than the limit.
pub(super) enum Body {
    /// The bytes, and the room that a response's body keeps while they are worked on.
    Whole(Vec<u8>, Option<Reservation>),
    TooLong(usize),
    /// Other bodies that are being read have left no room.
    NoRoom,
}

/// The bytes by which the room of a body without an announced length grows. Most manifests fit into one piece: bodies that hold
/// room while they wait for more would wait for one another.
const fn piece((purpose, _): (Purpose, &str)) -> usize {
    match purpose {
        Purpose::Manifest => 256 * 1024,
        Purpose::File | Purpose::Keys | Purpose::Ads => 32 * 1024,
    }
}

/// How long a body waits for room: others are read within milliseconds, unless their origins stall.
const ROOM_PATIENCE: Duration = Duration::from_secs(2);

/// Reads a response's body, which comes within `patience`, in the room of its purpose and site. A body with an announced length
/// is read in one piece: a stream awaits a promise for every 4 KiB, which takes four times as long.
pub(super) async fn of_response(
    mut response: Response,
    whose: (Purpose, &str),
    most: usize,
    patience: Duration,
) -> worker::Result<Body> {
    // Of a coded body, it is the length of the coded form that was announced.
    let coded = response.headers().has("Content-Encoding")?;
    let length = response.headers().get("Content-Length")?.filter(|_| !coded);
    let reserve =
        async |bytes| single_flight::until(ROOM_PATIENCE, || isolate::reserve(whose, bytes, patience)).await;
    let announced = length.and_then(|length| length.parse().ok());
    match announced {
        Some(length) if length > most => Ok(Body::TooLong(length)),
        Some(length) => {
            let Some(room) = reserve(length).await else {
                return Ok(Body::NoRoom);
            };
            Ok(Body::Whole(in_javascript(response).await?.to_vec(), Some(room)))
        }
        None => match reserve(piece(whose)).await {
            Some(room) => drain(response.stream()?, Vec::new(), most, Some((room, piece(whose)))).await,
            None => Ok(Body::NoRoom),
        },
    }
}

/// Reads the beginning of a response's body, and leaves the rest.
pub(super) async fn beginning(mut response: Response, most: usize) -> worker::Result<Vec<u8>> {
    let mut stream = response.stream()?;
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(chunk) = stream.next().await
    {
        let chunk = chunk?;
        bytes.extend_from_slice(chunk.get(..most - bytes.len()).unwrap_or(&chunk));
    }
    Ok(bytes)
}

/// Reads a response's body into JavaScript's memory. WebAssembly's memory never holds a copy.
pub(super) async fn in_javascript(response: Response) -> worker::Result<Uint8Array> {
    let response: web_sys::Response = response.into();
    Ok(Uint8Array::new(&JsFuture::from(response.array_buffer()?).await?))
}

/// Reads a request's body. Its sender has signed the length, so that its room is taken at once.
pub(super) async fn of_request(request: &mut Request, length: usize) -> worker::Result<Body> {
    match request.inner().body() {
        Some(_) => drain(request.stream()?, Vec::with_capacity(length), length, None).await,
        None => Ok(Body::Whole(Vec::new(), None)),
    }
}

async fn drain(
    mut stream: ByteStream,
    mut bytes: Vec<u8>,
    most: usize,
    room: Option<(Reservation, usize)>,
) -> worker::Result<Body> {
    let (room, piece) = room.map_or((None, 0), |(room, piece)| (Some(room), piece));
    let mut left = piece;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if bytes.len() + chunk.len() > most {
            return Ok(Body::TooLong(bytes.len() + chunk.len()));
        }
        if let Some(room) = room.as_ref().filter(|_| chunk.len() > left) {
            let more = chunk.len().max(piece);
            let grow = || room.grow(more, now_ms()).then_some(());
            if single_flight::until(ROOM_PATIENCE, grow).await.is_none() {
                return Ok(Body::NoRoom);
            }
            left += more;
        }
        left = left.saturating_sub(chunk.len());
        bytes.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(bytes, room))
}
