//! What a client accepts, by `Accept` (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

/// Whether a client prefers HTML to problem details. It has to name it: `*/*`, which programs send
/// as well, prefers nothing.
pub(super) fn prefers_html(headers: &HeaderMap) -> bool {
    let html = quality(headers, &["text/html", "text/*"]);
    let problem = quality(headers, &["application/problem+json", "application/json", "application/*", "*/*"]);
    html.is_some_and(|html| html > 0.0 && problem.is_none_or(|problem| html >= problem))
}

/// The quality of the first of these media ranges that a client names.
fn quality(headers: &HeaderMap, ranges: &[&str]) -> Option<f32> {
    ranges.iter().find_map(|range| {
        let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).find_map(|named| {
            let (name, parameters) = named.split_once(';').unwrap_or((named, ""));
            name.trim().eq_ignore_ascii_case(range).then(|| weight(parameters))
        })
    })
}

/// The weight among the parameters of a media range; one that is no weight counts as 0.
fn weight(parameters: &str) -> f32 {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, weight) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| weight.trim())
    });
    weight.map_or(1.0, |weight| weight.parse().ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::ACCEPT, line.parse().expect("a header value"))).collect()
    }

    #[test]
    fn a_client_prefers_html_that_names_it_with_the_higher_weight() {
        for lines in [
            &["text/html"][..],
            &["TEXT/HTML"],
            &["text/html;q=0.1"],
            &["text/html;level=1"],
            &["text/*"],
            &["text/html, */*;q=0.8"],
            &["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"],
            &["application/json;q=0.5, text/html;q=0.9"],
            &["application/json;q=0, text/html"],
            &["application/json;Q=0.3", "text/html; q = 0.4"],
            &["text/html, application/json;q=1.5"],
        ] {
            assert!(prefers_html(&headers(lines)), "{lines:?}");
        }
        for lines in [
            &[][..],
            &[""],
            &["*/*"],
            &["text/plain"],
            &["application/json"],
            &["application/json, text/plain, */*"],
            &["text/html;q=0"],
            &["text/html;q=0, */*"],
            &["text/html;q=-1"],
            &["text/html;q=nan"],
            &["text/html;q=0.5, */*"],
            &["text/html;q=0.8, application/json"],
            &["text/html;q=0.8", "application/problem+json"],
            &["text/html;q=0.8, application/*;q=0.9"],
            &["text/htmlx"],
            &["application/json;x=text/html"],
        ] {
            assert!(!prefers_html(&headers(lines)), "{lines:?}");
        }
    }
}
