//! Client processes: what runs in one tab of a browser from one page load to the next.

use std::fmt;

use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::context::Session;
use crate::token::TabKey;

/// How a page names its process in the requests that it makes.
const OS_PROCESS: HeaderName = HeaderName::from_static("os-process");

const BYTES: usize = 16;

/// The identifier of a process: 128 random bits. It opens nothing in another browser.
///
/// A page has it from [`Process::id`], and sends it back as the header `Os-Process` of its requests.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProcessId(SmolStr);

impl ProcessId {
    /// The identifier as text: letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The process that a request says it comes from. What is ill-formed counts as nothing said.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut said = headers.get_all(OS_PROCESS).iter();
        let (Some(id), None) = (said.next(), said.next()) else { return None };
        let mut bytes = [0; BYTES];
        let decoded = URL_SAFE_NO_PAD.decode_slice(id.as_bytes(), &mut bytes);
        (decoded == Ok(BYTES)).then(|| Self(id.to_str().unwrap_or_default().into()))
    }

    pub(crate) fn key(&self) -> TabKey {
        TabKey::from_bytes(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whoever reads a log shall not be able to speak for a tab of their own browser's neighbour.
impl fmt::Debug for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessId(…)")
    }
}

/// The process that a request belongs to: what [`Session::process`] returns.
#[derive(Debug, Clone)]
pub struct Process {
    id: Option<ProcessId>,
    new: bool,
    pub(crate) session: Session,
}

impl Process {
    /// Its identifier. `None` for a request that belongs to no tab: a fetch without the header `Os-Process`, an image.
    #[must_use]
    pub fn id(&self) -> Option<&ProcessId> {
        self.id.as_ref()
    }

    /// Whether this request starts it: a page is loaded into a tab, now or, by a prefetch, perhaps later. The page is to be told the
    /// identifier.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.new
    }
}

impl Session {
    /// The process that the request belongs to: that of the page that sent it with the header `Os-Process`, or a new one where a page is
    /// loaded into a tab. A reload and a duplicated tab are new processes. It costs nothing to hand one out: nothing is stored until
    /// something is put into a [slot](crate::Slot) of it. An answer that may name a new one is marked `no-store`, or two tabs could be one.
    ///
    /// ```
    /// use os_session::{Session, connected};
    ///
    /// #[connected(opt)]
    /// async fn editor(session: Session) -> axum::response::Html<String> {
    ///     let process = session.process();
    ///     let id = process.id().map_or("", |id| id.as_str());
    ///     // Its script sends the attribute back as the header `Os-Process`.
    ///     axum::response::Html(format!("<main data-process=\"{id}\">…</main>"))
    /// }
    /// ```
    #[must_use]
    pub fn process(&self) -> Process {
        Process { id: self.0.process_id().cloned(), new: self.0.loads_page(), session: self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<ProcessId> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(OS_PROCESS, value.parse().unwrap());
        }
        ProcessId::of(&headers)
    }

    #[test]
    fn only_what_could_have_been_handed_out_is_an_identifier() {
        let id = ProcessId::random().unwrap();
        assert_eq!(of(&[id.as_str()]), Some(id.clone()));
        let longer = format!("{id}A");
        let padded = format!("{id}==");
        for wrong in [
            &[][..],
            &[""],
            &[&longer],
            &[&padded],
            &[&id.as_str()[1..]],
            &["AAAAAAAAAAAAAAAAAAAAA!"],
            &[id.as_str(), id.as_str()],
        ] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }
}
