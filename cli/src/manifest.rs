//! `stagedoor manifest rewrite`

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor::ads::ListRequest;
use stagedoor::cache;
use stagedoor::catalog::{Caps, ForeignPolicy, SESSION_PARAMETER, SigningStyle, Site, Start};
use stagedoor::dash;
use stagedoor::facts::Facts;
use stagedoor::fault::FaultKind;
use stagedoor::hls;
use stagedoor::manifest::{Frame, Query, Signing};
use stagedoor::resource::{MediaRequest, ResourceKind, ResourcePath};
use stagedoor::route::{Route, route, session_prefix};
use stagedoor::token::Credentials;
use stagedoor::variation::Compilation;
use url::Url;

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::manifest_ads::{AdArguments, Breaks};
use crate::{Answer, input, output, request};

#[derive(clap::Args)]
#[command(after_help = "\
The permit is a JSON object with the caps of an offer:
{\"caps\": {\"max_height\": 720}}.

Examples:
  stagedoor manifest rewrite --session TOKEN --site site.json \\
    --url https://watch.example.com/harbour/master.m3u8 master.m3u8
  stagedoor manifest rewrite --permit permit.json \\
    --url https://watch.example.com/harbour/manifest.mpd manifest.mpd
  stagedoor manifest rewrite --ads guided --break-at 600 --pod pod.json \\
    --url https://watch.example.com/harbour/720p.m3u8 720p.m3u8")]
pub(crate) struct Arguments {
    /// The kind of manifest. Default: recognised by the content.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The manifest's URL at the edge: https://{host}/{title}/{path}, or the same path below /~{session}/. Without
    /// --site, any URL.
    #[arg(long, value_name = "MANIFEST_URL")]
    url: String,
    /// The site's document. Absolute URIs below the title's folder at the site's media origin belong to the title.
    /// Without a site, URIs on the host of --url belong to the title.
    #[arg(long, value_name = "SITE.json")]
    site: Option<PathBuf>,
    /// The permit: {"caps": {"max_height": 720}}.
    #[arg(long, value_name = "PERMIT.json")]
    permit: Option<PathBuf>,
    /// The session token for the URIs. Default: the session token in the path or the `sd_session` parameter of --url.
    #[arg(long, value_name = "TOKEN")]
    session: Option<String>,
    /// How URIs carry the session. Default: the site's setting.
    #[arg(long, value_enum)]
    signing: Option<Style>,
    /// How to treat URIs outside the title. Default: the site's setting, or without a site `refuse`.
    #[arg(long, value_enum)]
    foreign: Option<Foreign>,
    /// Write the session token once, as a variable (EXT-X-DEFINE).
    #[arg(long)]
    define: bool,
    /// Put a variant first, so that players begin with it: the variant with the highest bit rate up to this limit, in
    /// kbit/s.
    #[arg(long, value_name = "KBPS")]
    start: Option<u32>,
    /// Write a Playlist Delta Update, which leaves out older segments (EXT-X-SKIP).
    #[arg(long, value_enum)]
    skip: Option<Skip>,
    #[command(flatten)]
    ads: AdArguments,
    /// The manifest; `-` reads standard input.
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// HTTP Live Streaming (RFC 8216).
    Hls,
    /// MPEG-DASH (ISO/IEC 23009-1).
    Dash,
}

impl Kind {
    /// Recognises the kind: XML is an MPD, and any other text is a playlist.
    pub(crate) fn of(manifest: &[u8]) -> Self {
        if dash::is_xml(manifest) { Self::Dash } else { Self::Hls }
    }

    const fn resource(self) -> ResourceKind {
        match self {
            Self::Hls => ResourceKind::Playlist,
            Self::Dash => ResourceKind::Mpd,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    /// As a path prefix.
    Path,
    /// As a query parameter.
    Query,
}

#[derive(Clone, Copy, ValueEnum)]
enum Foreign {
    /// The manifest is refused.
    Refuse,
    /// The URIs are passed on without the session.
    Pass,
    /// The URIs carry the session, whatever their host is.
    Sign,
}

#[derive(Clone, Copy, ValueEnum)]
enum Skip {
    /// Leave out segments, as for `_HLS_skip=YES`.
    Yes,
    /// Leave out segments and date ranges, as for `_HLS_skip=v2`.
    V2,
}

impl From<Skip> for hls::Skip {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::Yes => Self::Segments,
            Skip::V2 => Self::Dateranges,
        }
    }
}

#[derive(Default, Deserialize)]
struct Permit {
    /// Required: a permit without caps limits nothing, which cannot be meant.
    caps: Caps,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let manifest = input::bytes(&arguments.file)?;
    let kind = arguments.kind.unwrap_or_else(|| Kind::of(&manifest));
    if kind == Kind::Dash {
        arguments.expect_no_playlist_option()?;
    }
    let facts = request::facts("GET", &arguments.url, [], "", None)?;
    let site: Option<Site> = arguments.site.as_deref().map(input::document).transpose()?;
    let place = Place::find(&facts, site.as_ref())?;
    let permit: Option<Permit> = arguments.permit.as_deref().map(input::json).transpose()?;
    let given = arguments.session.as_ref().map(|token| ("--session", token));
    let carried = place.carried.as_ref().map(|carried| ("--url", carried.token()));
    if let Some((option, token)) = given.into_iter().chain(carried).find(|(_, token)| !is_session(token)) {
        return Err(Failure::Misuse(format!(
            "{option}: expected a session token of letters, digits, `-`, `_`, `.`, `~` and `=`, found `{token}`"
        )));
    }
    let breaks = arguments.ads.read(site.as_ref(), place.below_title().0)?;
    let asked = arguments.start.is_some() || arguments.skip.is_some() || breaks.is_some();
    let token = arguments.session.as_ref().or(place.carried.as_ref().map(Carried::token));
    if permit.is_none() && token.is_none() && !asked {
        // Nothing is to be done, for which it would have to be read; but what must not be in it, no reader is to get.
        if let Some(forbidden) = (kind == Kind::Dash).then(|| dash::forbidden(&manifest)).flatten() {
            return Err(Failure::Misuse(format!("{}: {forbidden}", input::name(&arguments.file))));
        }
        printed(&manifest, None, context)?;
        return Ok(Answer::Yes);
    }
    let by_site = site.as_ref().map(|site| site.sessions.signing);
    // As at the edge: a player goes on as it has begun, whatever the site says.
    let style = arguments.signing.unwrap_or(match (&place.carried, by_site) {
        (Some(Carried::InQuery(_)), _) | (None, Some(SigningStyle::Query)) => Style::Query,
        (Some(Carried::InPath(_)), _) | (None, Some(SigningStyle::Path) | None) => Style::Path,
    });
    let signing = match (style, &place.carried) {
        (Style::Query, Some(Carried::InPath(_))) => {
            return Err(Failure::Misuse(
                "--signing query: the path of --url carries a session already".to_owned(),
            ));
        }
        (Style::Query, _) => Signing::Query,
        (Style::Path, Some(Carried::InPath(_))) => Signing::Inherited,
        (Style::Path, _) => Signing::Path,
    };
    let foreign = match (arguments.foreign, &site) {
        (Some(Foreign::Refuse), _) | (None, None) => ForeignPolicy::REFUSE,
        (Some(Foreign::Pass), _) => ForeignPolicy::pass_all(),
        (Some(Foreign::Sign), _) => ForeignPolicy::sign_all(),
        (None, Some(site)) => site.media.foreign.clone(),
    };
    let frame = Frame {
        folder: &place.folder,
        root: &place.root,
        resource: &place.resource,
        query: Query::new(facts.query.expose()),
        signing,
        foreign: &foreign,
        authority: &facts.authority(),
        credentials: &site.as_ref().map_or_else(Credentials::usual, Credentials::of),
    };
    let caps = permit.unwrap_or_default().caps;
    let plan = breaks.as_ref().map(Breaks::plan);
    let compilation = Compilation {
        kind: kind.resource(),
        site: site.as_ref(),
        caps: &caps,
        start: arguments.start.map(|kbps| Start { max_bitrate_kbps: Some(kbps), max_height: None }),
        define: arguments.define,
        skip: arguments.skip.map(hls::Skip::from),
        order: None,
        ads: plan.as_ref(),
    };
    match compilation.compile(&manifest, token.map(|_| &frame)) {
        Ok(template) => {
            let manifest = template.render(token.map_or("", String::as_str));
            let request = breaks.as_ref().map(|breaks| ListRequest {
                authority: frame.authority,
                title: breaks.title(),
                folder: place.below_title().1,
                token: token.map_or("SESSION", String::as_str),
                signing: if style == Style::Query { SigningStyle::Query } else { SigningStyle::Path },
            });
            let list = match breaks.as_ref().zip(request.as_ref()) {
                Some((breaks, request)) => breaks.list(&manifest, request)?,
                None => None,
            };
            printed(&manifest, list.as_ref(), context)?;
            for id in breaks.iter().flat_map(|breaks| breaks.absent(&manifest)) {
                context.output.remark(&format!(
                    "the break `{id}` is not in the manifest: it has no time, or lies outside it or in another break"
                ));
            }
            Ok(Answer::Yes)
        }
        Err(error) => {
            let code = match error.refusal() {
                // The file is no manifest.
                Err(FaultKind::ManifestInvalid) => {
                    return Err(Failure::Misuse(format!("{}: {error}", input::name(&arguments.file))));
                }
                Err(kind) => kind.code(),
                Ok(reason) => reason.code(),
            };
            let detail = error.to_string();
            if context.output.json {
                output::print(&json!({ "ok": false, "reason": code, "detail": detail }))?;
            } else {
                // Standard output is for the manifest.
                eprintln!("stagedoor: {code}: {detail}");
            }
            Ok(Answer::Denied)
        }
    }
}

/// Prints the manifest itself, or with `--json` as a member; the list of a pod beside.
fn printed(manifest: &[u8], list: Option<&Value>, context: &Context) -> Result<(), Failure> {
    if context.output.json {
        let mut members = json!({ "ok": true, "manifest": String::from_utf8_lossy(manifest) });
        if let (Some(list), Value::Object(members)) = (list, &mut members) {
            members.insert("list".to_owned(), list.clone());
        }
        return output::print(&members);
    }
    if let Some(list) = list {
        context.output.remark(&match list {
            Value::String(text) => text.clone(),
            list => format!("{list:#}"),
        });
    }
    output::write(manifest)
}

impl Arguments {
    fn expect_no_playlist_option(&self) -> Result<(), Misuse> {
        let given =
            [("--define", self.define), ("--start", self.start.is_some()), ("--skip", self.skip.is_some())];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(Misuse(format!("{option}: an option for playlists, found an MPD"))),
            None => Ok(()),
        }
    }
}

/// Whether a text can be a session token. It stands in paths, queries and XML as it is.
fn is_session(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~=".contains(&byte))
}

/// A session in the URL of a manifest.
enum Carried {
    /// In front of its path.
    InPath(String),
    /// As a parameter of its query.
    InQuery(String),
}

impl Carried {
    const fn token(&self) -> &String {
        match self {
            Self::InPath(token) | Self::InQuery(token) => token,
        }
    }
}

/// Where a manifest lies.
struct Place {
    /// The session of its URL.
    carried: Option<Carried>,
    /// What the session covers, at the media origin.
    folder: Url,
    /// The same at the edge, behind the session.
    root: String,
    /// The manifest's path below both.
    resource: ResourcePath,
}

impl Place {
    /// The title, and the manifest's folder below it. Without a site, the first folder is the title.
    fn below_title(&self) -> (&str, &str) {
        let folder = self.resource.folder();
        match self.root.strip_suffix('/') {
            Some(title) => (title, folder),
            None => folder.split_once('/').unwrap_or(("", folder)),
        }
    }

    /// With a site, the folder of the title at its media origin; without one, all of the manifest's own host.
    fn find(facts: &Facts, site: Option<&Site>) -> Result<Self, Misuse> {
        let failed = |error: &dyn std::fmt::Display| Misuse(format!("--url: {error}"));
        let expected = "expected https://{host}/{title}/{path}";
        let Some(site) = site else {
            let (carried, path) = match session_prefix(&facts.path).and_then(|rest| rest.split_once('/')) {
                Some((token, path)) => (Some(Carried::InPath(token.to_owned())), path),
                None => {
                    let in_query = facts.query_parameter(SESSION_PARAMETER).map(Carried::InQuery);
                    (in_query, facts.path.trim_start_matches('/'))
                }
            };
            let resource = ResourcePath::parse(path).map_err(|denial| failed(&denial.detail))?;
            let folder = Url::parse(&format!("{}/", facts.authority())).map_err(|error| failed(&error))?;
            return Ok(Self { carried, folder, root: String::new(), resource });
        };
        let (request, carried) = match route(facts) {
            Ok(Route::Entry) => (MediaRequest::at_entry(&facts.path), None),
            Ok(Route::Below(request, token)) => {
                let is_in_path = session_prefix(&facts.path).is_some();
                let carry = if is_in_path { Carried::InPath } else { Carried::InQuery };
                (Ok(request), Some(carry(token.expose().clone())))
            }
            Ok(_) => return Err(failed(&expected)),
            Err(denial) => (Err(denial), None),
        };
        let request = request.map_err(|denial| failed(&format!("{expected}: {}", denial.detail)))?;
        let source =
            cache::source(facts, &request, site, &format!("{}/", request.title), &Caps::default(), 0);
        let folder = source.map_err(|error| failed(&error))?.folder;
        Ok(Self { carried, folder, root: format!("{}/", request.title), resource: request.resource })
    }
}
