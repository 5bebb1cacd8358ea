//! The countries and their continents, for places that name none.

use crate::catalog::{Code, CountryCode};

/// The continent's two letters. In the Worker, the runtime states a request's continent; elsewhere, this table replaces
/// it.
///
/// Countries on two continents are where Cloudflare puts them, which follows GeoNames:
/// <https://www.geonames.org/countries/>
pub(super) fn of(country: CountryCode) -> Option<&'static str> {
    let &[first, second] = country.as_str().as_bytes() else { return None };
    let at = BY_CODE.get(place_of(first, second))?.checked_sub(1)?;
    CONTINENTS.get(usize::from(at)).map(|(name, _)| *name)
}

/// By the two letters of a country's code: the place of its continent in [`CONTINENTS`], from 1; 0 for no country.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses to build where it fails"
)]
static BY_CODE: [u8; 26 * 26] = {
    let mut by_code = [0; 26 * 26];
    let (mut continent, mut number) = (0, 0u8);
    while continent < CONTINENTS.len() {
        number += 1;
        // Two letters and a space each.
        let codes = CONTINENTS[continent].1.as_bytes();
        let mut at = 0;
        while at < codes.len() {
            by_code[place_of(codes[at], codes[at + 1])] = number;
            at += 3;
        }
        continent += 1;
    }
    by_code
};

/// Where two letters stand in [`BY_CODE`]; beyond its end, if they are no capital letters.
const fn place_of(first: u8, second: u8) -> usize {
    if first.is_ascii_uppercase() && second.is_ascii_uppercase() {
        (first - b'A') as usize * 26 + (second - b'A') as usize
    } else {
        usize::MAX
    }
}

/// The countries of a continent.
pub fn countries_of(continent: Code<2>) -> impl Iterator<Item = CountryCode> {
    let countries =
        CONTINENTS.iter().find(|(name, _)| *name == continent.as_str()).map(|(_, countries)| countries);
    countries
        .into_iter()
        .flat_map(|countries| countries.split(' '))
        .filter_map(|country| country.parse().ok())
}

/// Every country.
pub fn countries() -> impl Iterator<Item = CountryCode> {
    let all = CONTINENTS.iter().flat_map(|(_, countries)| countries.split(' '));
    all.filter_map(|country| country.parse().ok())
}

/// Why a code is not a country's; `None`: it is one.
///
/// At the edge no code is refused, since codes come and go. Of those who write one, it is most likely a mistake.
pub fn unassigned(country: CountryCode) -> Option<String> {
    let hint = match (of(country), country.as_str()) {
        (Some(_), _) => return None,
        (None, "UK") => "; the United Kingdom is GB",
        (None, "EU") => "; the continent is `continent:EU`, the Union a group of its countries",
        (None, _) => "",
    };
    Some(format!("expected a country of ISO 3166-1, found `{country}`{hint}"))
}

const CONTINENTS: [(&str, &str); 7] = [
    (
        "AF",
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    ),
    ("AN", "AQ BV GS HM TF"),
    (
        "AS",
        "AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE",
    ),
    (
        "EU",
        "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    ),
    (
        "NA",
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI",
    ),
    ("OC", "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS"),
    ("SA", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_country_once() {
        let all: Vec<_> = CONTINENTS.iter().flat_map(|(_, countries)| countries.split(' ')).collect();
        assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len());
        assert_eq!(all.len(), 250);
        for (code, continent) in
            [("AE", "AS"), ("GB", "EU"), ("US", "NA"), ("EG", "AF"), ("AU", "OC"), ("BR", "SA")]
        {
            assert_eq!(of(code.parse().unwrap()), Some(continent));
        }
        assert_eq!(of("ZZ".parse().unwrap()), None);
        for (continent, _) in CONTINENTS {
            let countries: Vec<_> = countries_of(Code::new(continent).unwrap()).collect();
            assert!(countries.iter().all(|country| of(*country) == Some(continent)) && countries.len() > 4);
        }
        assert_eq!(
            countries().count(),
            CONTINENTS.iter().map(|(_, codes)| codes.split(' ').count()).sum::<usize>()
        );
    }

    #[test]
    fn codes_of_no_country() {
        for code in ["GB", "XK", "AE"] {
            assert_eq!(unassigned(code.parse().unwrap()), None);
        }
        for (code, hint) in [("UK", "is GB"), ("EU", "`continent:EU`"), ("ZZ", "found `ZZ`")] {
            let detail = unassigned(code.parse().unwrap()).unwrap();
            assert!(detail.contains(hint), "{detail}");
        }
    }
}
