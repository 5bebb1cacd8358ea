//! How documents are read, and which are refused.

use super::alike::ATTRIBUTES_MAX;
use super::read::DEPTH_MAX;
use super::{Document, line_of};

#[test]
fn elements_know_where_they_stand() {
    let text = "\u{feff}<?xml version='1.0'?>\n<!-- <a/> --><m:MPD  x = 'a&amp;b' y=\">\"\n>t<A/><B>u<![CDATA[<v]]>&#x26;<!--w--></B ></m:MPD >\n";
    let document = Document::read(text).unwrap();
    let root = document.root();
    assert_eq!((root.name(), root.qualified_name(), line_of(text, root.tag().start)), ("MPD", "m:MPD", 2));
    let attributes: Vec<_> = root.attributes().map(|a| (a.name, a.value(), &text[a.range()])).collect();
    assert_eq!(attributes, [("x", "a&b".into(), "a&amp;b"), ("y", ">".into(), ">")]);
    let children: Vec<_> = root.children().collect();
    let [a, b] = children[..] else { panic!("{children:?}") };
    assert_eq!((&text[a.range()], a.inner(), a.content()), ("<A/>", None, Some("".into())));
    assert_eq!((b.content(), &text[b.inner().unwrap()]), (None, "u<![CDATA[<v]]>&#x26;<!--w-->"));
    assert_eq!((b.parent().unwrap().id(), root.content()), (0, None));
    assert_eq!(root.descendants().count(), 2);
    assert!(text[root.range()].starts_with("<m:MPD") && text[root.range()].ends_with("</m:MPD >"));
}

#[test]
fn one_text_is_read_alike() {
    for (inner, expected) in [
        ("", Some("")),
        (" a&amp;&#98; ", Some(" a&b ")),
        ("<![CDATA[a&b;]]>", None),
        ("\n<![CDATA[a?b&c]]> ", Some("a?b&c")),
        ("<![CDATA[a]]>b", None),
        ("<![CDATA[a]]><![CDATA[b]]>", None),
        ("a<!-- -->b", None),
        ("<b/>", None),
    ] {
        let text = format!("<a>{inner}</a>");
        let document = Document::read(&text).unwrap();
        assert_eq!(document.root().content().as_deref(), expected, "{inner}");
    }
}

#[test]
fn text_that_parsers_read_differently_is_refused() {
    let deep = "<a>".repeat(DEPTH_MAX + 1);
    let wide = (0..=ATTRIBUTES_MAX).map(|n| format!(" a{n}='x'")).collect::<String>();
    for (text, expected) in [
        ("", "expected an element, found none"),
        ("<a>", "expected `</a>`, found the end"),
        ("<a><b></a>", "line 1: "),
        ("</a>", "line 1: "),
        ("<a/><b/>", "expected one root element"),
        ("x<a/>", "found text"),
        ("<a/>\n\n&amp;", "line 3: expected an element, found a reference"),
        ("<a/><![CDATA[x]]>", "found CDATA"),
        ("<!DOCTYPE a><a/>", "no document type"),
        ("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>", "no document type"),
        ("<a>&e;</a>", "found `&e;`"),
        ("<a b='&e;'/>", "found `&e;`"),
        ("<a b='&'/>", "expected `&amp;`"),
        ("<a>&</a>", "line 1: "),
        ("<a b='<'/>", "without `<`"),
        ("<a b='1' b='2'/>", "found a second"),
        ("<a b='1'c='2'/>", "white space in front of `c`"),
        ("<a b=1/>", "line 1: "),
        ("<a b/>", "line 1: "),
        ("<a \"b\"='1'/>", "line 1: "),
        ("<a/b>", "line 1: "),
        ("<1/>", "expected an element's name"),
        ("<a 1='x'/>", "expected an attribute's name"),
        ("<!--><a/>-->", "line 1: "),
        ("<!-- -- --><a/>", "line 1: "),
        ("<?x <a/> ?><a/>", "without markup"),
        ("<?x y?><a/>", "names with values in quotes"),
        ("<?x y=z?><a/>", "names with values in quotes"),
        ("<?x y='z' w?><a/>", "names with values in quotes"),
        ("<?xml version='1.0' x?><a/>", "line 1: "),
        ("<a nodeName='x'/>", "some readers take for their own"),
        ("<a _media='x'/>", "expected an attribute's name"),
        ("<a :media='x'/>", "expected an attribute's name"),
        ("<a émedia='x'/>", "expected an attribute's name"),
        ("<a mediaé='x'/>", "expected an attribute's name"),
        (" <?xml version='1.0'?><a/>", "in front of all"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", "expected UTF-8, found `UTF-16`"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>", "expected UTF-8"),
        ("<a>\u{0}</a>", "control character"),
        (&deep, "64 elements in one another"),
        (&format!("<a{wide}/>"), "128 attributes at most"),
    ] {
        let error = Document::read(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let long = format!("<a><b></{}></a>", "b".repeat(1_000));
    assert!(Document::read(&long).unwrap_err().why.len() < 250);
    for text in [
        "<?xml version='1.0' encoding='iso-8859-1'?><a>e</a>",
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<?pi?><?x y=\"z\" w = ''?><a\tb='1'\r\nc='é'/>\n<!-- -->",
    ] {
        assert!(Document::read(text).is_ok(), "{text}");
    }
}
