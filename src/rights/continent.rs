//! The countries and their continents, for places that name none.

use crate::catalog::{Code, CountryCode};

/// The continent's two letters. In the Worker, the runtime states a request's continent; elsewhere, this table replaces
/// it.
///
/// Countries on two continents are where Cloudflare puts them, which follows GeoNames:
/// <https://www.geonames.org/countries/>
pub(super) fn of(country: CountryCode) -> Option<&'static str> {
    let code = country.as_str();
    CONTINENTS
        .iter()
        .find(|(_, countries)| countries.split(' ').any(|one| one == code))
        .map(|(name, _)| *name)
}

/// A country of a continent.
pub fn country_of(continent: Code<2>) -> Option<CountryCode> {
    let (_, countries) = CONTINENTS.iter().find(|(name, _)| *name == continent.as_str())?;
    countries.split(' ').next()?.parse().ok()
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
            let country = country_of(Code::new(continent).unwrap()).unwrap();
            assert_eq!(of(country), Some(continent));
        }
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
