//! Where a browser goes that lacks a login, and what it comes back to.

use axum::extract::OriginalUri;
use axum::http::uri::PathAndQuery;
use axum::http::{Uri, header, request::Parts};

use crate::context::Context;
use crate::context::connection::Connection;
use crate::request;
use crate::return_to::is_local;
use crate::web_origin::WebOrigin;

/// How a browser is sent to the page where users log in, and to what page it comes back, if any.
#[derive(Debug, Clone)]
pub(crate) enum WayBack {
    /// By a redirect to the log-in page.
    Redirect(Option<PathAndQuery>),
    /// By the header that htmx follows.
    Htmx(Option<PathAndQuery>),
}

impl Context {
    /// Notes where a browser wanted to go, for the redirect to the log-in page, if this request is
    /// one that follows it.
    pub(crate) fn note_way_back(&self, parts: &Parts) {
        let requested = match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri,
            None => &parts.uri,
        };
        // A log-in page that requires a login itself would send the browser round and round.
        if self.is_page_for_proof(requested.path()) {
            return;
        }
        let headers = &parts.headers;
        let way_back = if request::is_htmx(headers) {
            let page = headers.get("hx-current-url").and_then(|page| page.to_str().ok()?.parse().ok());
            WayBack::Htmx(self.page_to_return_to(page.as_ref().unwrap_or(requested)))
        } else if !request::is_navigation(&parts.method, headers) {
            return;
        } else if request::is_safe(&parts.method) {
            WayBack::Redirect(self.page_to_return_to(requested))
        } else {
            // What the form sent is lost: it would have to be filled in again.
            let form = own_referer(parts);
            WayBack::Redirect(form.and_then(|form| self.page_to_return_to(&form)))
        };
        let _ = self.way_back.set(Box::new(way_back));
    }

    /// Notes it for a visitor who reaches the handler: the handler, or a function that it calls,
    /// may require a login.
    pub(crate) fn note_way_back_of_visitor(&self, parts: &Parts) {
        let is_visitor = || !matches!(self.state().connection, Connection::User(_));
        if self.sessions.0.config.login_url.is_some() && is_visitor() {
            self.note_way_back(parts);
        }
    }

    pub(crate) fn way_back(&self) -> Option<&WayBack> {
        self.way_back.get().map(|way_back| &**way_back)
    }

    /// Whether users log in there, or prove once more who they are.
    fn is_page_for_proof(&self, path: &str) -> bool {
        let config = &self.sessions.0.config;
        [config.login_path(), config.confirm_path()].contains(&Some(path))
    }

    fn page_to_return_to(&self, page: &Uri) -> Option<PathAndQuery> {
        let page = page.path_and_query().filter(|page| is_local(page.as_str()))?;
        (!self.is_page_for_proof(page.path())).then(|| page.clone())
    }
}

/// The page of this host that a request was sent from. Its scheme is not compared with that of the
/// request, which is not known here.
fn own_referer(parts: &Parts) -> Option<Uri> {
    let referer: Uri = parts.headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let origin = format!("{}://{}", referer.scheme_str()?, referer.authority()?);
    let is_own = WebOrigin::parse(&origin).is_some_and(|origin| origin.is_of_host(parts));
    is_own.then_some(referer)
}
