//! `catgeoiso3166`, `catgeocoord` and `geohash`: where the viewer has to be.
//!
//! ```text
//! catgeoiso3166 = [+ country or subdivision]                        "GB", "US-CA"
//! catgeocoord   = [+ [latitude, longitude, radius in metres]]
//! geohash       = text / [+ text]
//! ```
//!
//! Any one entry is enough.

use super::cbor::Value;
use crate::facts::{Coordinates, Geography};

/// The most entries of a claim.
const MOST: usize = 300;
/// The Earth's mean radius, in metres ([IUGG]).
///
/// [IUGG]: https://en.wikipedia.org/wiki/Earth_radius#Arithmetic_mean_radius
const EARTH: f64 = 6_371_008.8;

/// Whether the viewer is in one of the countries and subdivisions of ISO 3166. The error says what is not known.
pub(super) fn in_country(claim: &Value, geography: &Geography) -> Result<bool, String> {
    let mut unclear = None;
    for entry in entries(claim)? {
        let Some(code) = entry.text().filter(|code| code.len() >= 2) else {
            unclear = Some("expected a code of ISO 3166");
            continue;
        };
        let (country, subdivision) = match code.split_once('-') {
            Some((country, subdivision)) => (country, Some(subdivision)),
            None => (code, None),
        };
        let Some(found) = geography.country else {
            unclear = Some("the viewer's country is not known");
            continue;
        };
        if !found.as_str().eq_ignore_ascii_case(country) {
            continue;
        }
        match (subdivision, &geography.subdivision) {
            (None, _) => return Ok(true),
            (Some(wanted), Some(found)) if found.eq_ignore_ascii_case(wanted) => return Ok(true),
            (Some(_), Some(_)) => {}
            (Some(_), None) => unclear = Some("the viewer's subdivision is not known"),
        }
    }
    unclear.map_or(Ok(false), |why| Err(why.to_owned()))
}

/// Whether the viewer is within one of the circles.
pub(super) fn in_circle(claim: &Value, geography: &Geography) -> Result<bool, String> {
    let viewer = coordinates(geography)?;
    let mut unclear = None;
    for entry in entries(claim)? {
        let circle = match entry.array() {
            Some([latitude, longitude, radius]) => {
                latitude.number().zip(longitude.number()).zip(radius.number())
            }
            _ => None,
        };
        match circle {
            Some(((latitude, longitude), radius))
                if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && radius >= 0.0 =>
            {
                if distance(viewer.degrees(), (latitude, longitude)) <= radius {
                    return Ok(true);
                }
            }
            _ => unclear = Some("expected a latitude, a longitude and a radius in metres"),
        }
    }
    unclear.map_or(Ok(false), |why| Err(why.to_owned()))
}

/// Whether the viewer is in one of the cells.
pub(super) fn in_cell(claim: &Value, geography: &Geography) -> Result<bool, String> {
    let (latitude, longitude) = coordinates(geography)?.degrees();
    let mut unclear = None;
    for entry in entries(claim)? {
        match entry.text().and_then(cell) {
            Some([south, north, west, east]) => {
                if (south..=north).contains(&latitude) && (west..=east).contains(&longitude) {
                    return Ok(true);
                }
            }
            None => unclear = Some("expected a geohash of 1 to 12 characters"),
        }
    }
    unclear.map_or(Ok(false), |why| Err(why.to_owned()))
}

fn entries(claim: &Value) -> Result<&[Value], String> {
    let entries = claim.list();
    if entries.is_empty() || entries.len() > MOST {
        return Err(format!("expected 1 to {MOST} places"));
    }
    Ok(entries)
}

fn coordinates(geography: &Geography) -> Result<Coordinates, String> {
    geography.coordinates.ok_or_else(|| "the viewer's coordinates are not known".to_owned())
}

/// The way between two points, in degrees, along the surface of a sphere: the haversine formula. In metres.
fn distance(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
    let haversine =
        half(from.0, to.0) + from.0.to_radians().cos() * to.0.to_radians().cos() * half(from.1, to.1);
    2.0 * EARTH * haversine.clamp(0.0, 1.0).sqrt().asin()
}

/// The cell of a geohash: its southern, northern, western and eastern border, in degrees. Each character is five bits,
/// which halve the longitude and the latitude by turns ([geohash]).
///
/// [geohash]: https://en.wikipedia.org/wiki/Geohash#Algorithm_and_example
fn cell(geohash: &str) -> Option<[f64; 4]> {
    const DIGITS: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    if !(1..=12).contains(&geohash.len()) {
        return None;
    }
    let (mut latitude, mut longitude) = ((-90.0, 90.0), (-180.0, 180.0));
    let mut along = true;
    for character in geohash.bytes() {
        let five = DIGITS.iter().position(|digit| *digit == character.to_ascii_lowercase())?;
        for bit in (0..5).rev() {
            let range: &mut (f64, f64) = if along { &mut longitude } else { &mut latitude };
            let middle = f64::midpoint(range.0, range.1);
            if five >> bit & 1 == 1 {
                range.0 = middle;
            } else {
                range.1 = middle;
            }
            along = !along;
        }
    }
    Some([latitude.0, latitude.1, longitude.0, longitude.1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(codes: &[&str]) -> Value {
        Value::Array(codes.iter().map(|code| Value::Text((*code).to_owned())).collect())
    }

    fn place(place: &str) -> Geography {
        place.parse().unwrap()
    }

    #[test]
    fn countries_and_subdivisions() {
        for (codes, viewer, expected) in [
            (&["GB", "US-CA"][..], "GB", Ok(true)),
            (&["GB", "US-CA"], "GB-ENG", Ok(true)),
            (&["GB", "US-CA"], "US-CA", Ok(true)),
            (&["gb", "us-ca"], "US-CA", Ok(true)),
            (&["GB", "US-CA"], "US-NY", Ok(false)),
            (&["GB", "US-CA"], "FR", Ok(false)),
            (&["GB", "US-CA"], "US", Err(())),
            (&["US", "US-CA"], "US", Ok(true)),
            (&["GB"], "", Err(())),
            (&["GB"], "T1", Err(())),
            (&["", "FR"], "GB", Err(())),
            (&[], "GB", Err(())),
        ] {
            assert_eq!(
                in_country(&texts(codes), &place(viewer)).map_err(|_| ()),
                expected,
                "{codes:?} {viewer}"
            );
        }
        assert_eq!(in_country(&Value::Text("GB".to_owned()), &place("GB")), Ok(true));
        assert!(in_country(&Value::Integer(1), &place("GB")).is_err());
    }

    #[test]
    fn circles() {
        let circle = |latitude, longitude, radius| {
            Value::Array(vec![Value::Float(latitude), Value::Float(longitude), Value::Integer(radius)])
        };
        let dubai = "AE-DU;lat=25.2048;lon=55.2708";
        let of = |circles: &[Value], viewer| in_circle(&Value::Array(circles.to_vec()), &place(viewer));
        // 111.2 km a degree of latitude.
        assert_eq!(of(&[circle(26.2048, 55.2708, 111_300)], dubai), Ok(true));
        assert_eq!(of(&[circle(26.2048, 55.2708, 111_100)], dubai), Ok(false));
        assert_eq!(of(&[circle(0.0, 0.0, 1), circle(25.0, 55.0, 50_000)], dubai), Ok(true));
        // Across the meridian at which the days meet.
        assert_eq!(of(&[circle(0.0, 179.9, 25_000)], ";lat=0;lon=-179.9"), Ok(true));
        assert_eq!(of(&[circle(0.0, 179.9, 20_000)], ";lat=0;lon=-179.9"), Ok(false));
        for unclear in [circle(91.0, 0.0, 1), circle(0.0, 0.0, -1), circle(f64::NAN, 0.0, 1), Value::Null] {
            assert!(of(std::slice::from_ref(&unclear), dubai).is_err(), "{unclear:?}");
        }
        assert!(of(&[circle(0.0, 0.0, 100_000_000)], "AE").is_err());
        assert!(of(&[], dubai).is_err());
    }

    #[test]
    fn cells() {
        assert_eq!(cell("ezs42").unwrap(), [42.583_007_812_5, 42.626_953_125, -5.625, -5.581_054_687_5]);
        for (hashes, viewer, expected) in [
            (&["ezs42"][..], ";lat=42.605;lon=-5.603", Ok(true)),
            (&["EZS42"], ";lat=42.605;lon=-5.603", Ok(true)),
            (&["ezs42"], ";lat=42.63;lon=-5.603", Ok(false)),
            (&["u", "ezs"], ";lat=42.63;lon=-5.603", Ok(true)),
            (&["ezs42"], "ES", Err(())),
            (&["aaa"], ";lat=0;lon=0", Err(())),
            (&[""], ";lat=0;lon=0", Err(())),
            (&["0000000000000"], ";lat=0;lon=0", Err(())),
        ] {
            assert_eq!(
                in_cell(&texts(hashes), &place(viewer)).map_err(|_| ()),
                expected,
                "{hashes:?} {viewer}"
            );
        }
        assert_eq!(in_cell(&Value::Text("s0".to_owned()), &place(";lat=0;lon=0")), Ok(true));
    }
}
