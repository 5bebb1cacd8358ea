//! Bodies read whole, up to a limit.

use futures_util::StreamExt;
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use worker::{ByteStream, Request, Response};

/// A body, or how many bytes had come when it was longer than the limit.
pub(super) enum Body {
    Whole(Vec<u8>),
    TooLong(usize),
}

/// Reads a response's body. In one piece where its length was announced: a stream awaits a promise for every 4 KiB,
/// which takes four times as long.
pub(super) async fn of_response(mut response: Response, most: usize) -> worker::Result<Body> {
    // Of a coded body, it is the length of the coded form that was announced.
    let coded = response.headers().has("Content-Encoding")?;
    let length = response.headers().get("Content-Length")?.filter(|_| !coded);
    let announced = length.and_then(|length| length.parse().ok());
    match announced {
        Some(length) if length > most => Ok(Body::TooLong(length)),
        Some(_) => {
            let response: web_sys::Response = response.into();
            let buffer = JsFuture::from(response.array_buffer()?).await?;
            Ok(Body::Whole(Uint8Array::new(&buffer).to_vec()))
        }
        None => drain(response.stream()?, most).await,
    }
}

/// Reads a request's body, which anybody may have sent.
pub(super) async fn of_request(request: &mut Request, most: usize) -> worker::Result<Body> {
    match request.inner().body() {
        Some(_) => drain(request.stream()?, most).await,
        None => Ok(Body::Whole(Vec::new())),
    }
}

async fn drain(mut stream: ByteStream, most: usize) -> worker::Result<Body> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
        if bytes.len() > most {
            return Ok(Body::TooLong(bytes.len()));
        }
    }
    Ok(Body::Whole(bytes))
}
