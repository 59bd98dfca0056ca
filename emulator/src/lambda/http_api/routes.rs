//! Which route takes a request.
//! Source: API Gateway developer guide, "Create routes for HTTP APIs": a full match first, then the
//! greedy path variable, then `$default`.

use std::collections::BTreeMap;

use axum::http::Method;

use super::RouteSpec;

/// The route that a request takes.
pub(super) struct Route<'a> {
    pub(super) spec: &'a RouteSpec,
    /// `POST /token`, as the template has it.
    pub(super) key: String,
    pub(super) parameters: BTreeMap<String, String>,
}

/// `path` is decoded already.
pub(super) fn match_route<'a>(
    routes: &'a [RouteSpec],
    method: &Method,
    path: &str,
) -> Option<Route<'a>> {
    routes
        .iter()
        .filter(|route| {
            let wanted = route.method.as_str();
            wanted == "ANY" || wanted == "$default" || wanted == method.as_str()
        })
        .filter_map(|spec| {
            let (wanted, template) = (&spec.method, &spec.path);
            if wanted == "$default" {
                let parameters = BTreeMap::new();
                let key = wanted.clone();
                let route = Route {
                    spec,
                    key,
                    parameters,
                };
                return Some(((0, 0, false), route));
            }
            let (rank, parameters) = match_path(template, path)?;
            let key = format!("{wanted} {template}");
            let route = Route {
                spec,
                key,
                parameters,
            };
            Some(((2 - rank.0, rank.1, wanted != "ANY"), route))
        })
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, route)| route)
}

/// The variables, with (1 for a greedy match, the number of literal segments).
fn match_path(template: &str, path: &str) -> Option<((usize, usize), BTreeMap<String, String>)> {
    let mut parameters = BTreeMap::new();
    let mut literals = 0;
    let mut rest = Some(path.trim_start_matches('/'));
    for wanted in template.trim_start_matches('/').split('/') {
        let remaining = rest?;
        let variable = wanted
            .strip_prefix('{')
            .and_then(|wanted| wanted.strip_suffix('}'));
        if let Some(greedy) = variable.and_then(|variable| variable.strip_suffix('+')) {
            parameters.insert(greedy.to_owned(), remaining.to_owned());
            return Some(((1, literals), parameters));
        }
        let (segment, after) = match remaining.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (remaining, None),
        };
        match variable {
            Some(_) if segment.is_empty() => return None,
            Some(variable) => {
                parameters.insert(variable.to_owned(), segment.to_owned());
            }
            None if wanted == segment => literals += 1,
            None => return None,
        }
        rest = after;
    }
    rest.is_none().then_some(((0, literals), parameters))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::{RouteSpec, match_route};

    fn taken(method: Method, path: &str) -> Option<(String, Vec<(String, String)>)> {
        let routes = [
            ("GET", "/credentials"),
            ("GET", "/credentials/member"),
            ("GET", "/credentials/{role}"),
            ("ANY", "/files/{proxy+}"),
            ("POST", "/token"),
            ("ANY", "/token"),
        ]
        .map(|(method, path)| RouteSpec {
            method: method.to_owned(),
            path: path.to_owned(),
            function: "greeter".to_owned(),
            by_iam: false,
        });
        match_route(&routes, &method, path)
            .map(|route| (route.key, route.parameters.into_iter().collect()))
    }

    #[test]
    fn a_path_variable_takes_one_segment() {
        let (key, parameters) = taken(Method::GET, "/credentials/publisher").unwrap();
        assert_eq!(key, "GET /credentials/{role}");
        assert_eq!(parameters, [("role".to_owned(), "publisher".to_owned())]);
        assert_eq!(taken(Method::GET, "/credentials/a/b"), None);
        assert_eq!(taken(Method::GET, "/credentials/"), None);
    }

    #[test]
    fn the_more_literal_route_wins() {
        assert_eq!(
            taken(Method::GET, "/credentials/member").unwrap().0,
            "GET /credentials/member"
        );
        assert_eq!(taken(Method::POST, "/token").unwrap().0, "POST /token");
        assert_eq!(taken(Method::GET, "/token").unwrap().0, "ANY /token");
    }

    #[test]
    fn a_greedy_variable_takes_the_rest() {
        let (_, parameters) = taken(Method::PUT, "/files/a/b").unwrap();
        assert_eq!(parameters, [("proxy".to_owned(), "a/b".to_owned())]);
    }

    #[test]
    fn another_method_takes_no_route() {
        assert_eq!(taken(Method::DELETE, "/credentials"), None);
    }
}
