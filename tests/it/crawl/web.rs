//! Pages of several hosts that link to each other.

use crate::common::sites::{Answer, Request, Response};
use std::collections::{BTreeMap, BTreeSet};

/// A page, in short: `a.test/page`.
pub(super) type Place = String;

/// Which page links to which; a place without a scheme is on the server that answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Web {
    links: BTreeMap<Place, Vec<Place>>,
}

impl Web {
    /// Pages and where each leads.
    pub(super) fn new<const N: usize>(pages: [(&str, &[&str]); N]) -> Self {
        let owned = |links: &[&str]| links.iter().map(|link| (*link).to_owned()).collect();
        let links = pages.into_iter().map(|(page, links)| (page.to_owned(), owned(links)));
        Self { links: links.collect() }
    }

    /// So many pages on each host, all of them to be reached from the first host's `/`, by links that a dice chose.
    pub(super) fn random(hosts: &[&str], pages: usize, mut dice: Dice) -> Self {
        let name = |n: usize| {
            let (host, n) = (hosts[n % hosts.len()], n / hosts.len());
            if n == 0 { format!("{host}/") } else { format!("{host}/p{n}.html") }
        };
        let total = pages * hosts.len();
        let mut links: BTreeMap<Place, Vec<Place>> = (0..total).map(|n| (name(n), Vec::new())).collect();
        for n in 1..total {
            // From one that came before, and others anywhere.
            for from in [dice.below(n), dice.below(total), dice.below(total)] {
                links.get_mut(&name(from)).unwrap().push(name(n));
            }
        }
        Self { links }
    }

    /// Links in a row from the nearest of these pages to each page.
    pub(super) fn distances(&self, seeds: &[&str]) -> BTreeMap<Place, u32> {
        let mut near: BTreeSet<Place> = seeds.iter().map(|seed| (*seed).to_owned()).collect();
        let mut distances = BTreeMap::new();
        for distance in 0.. {
            let new: BTreeSet<Place> =
                near.into_iter().filter(|page| !distances.contains_key(page)).collect();
            if new.is_empty() {
                break;
            }
            near = new.iter().filter_map(|page| self.links.get(page)).flatten().cloned().collect();
            distances.extend(new.into_iter().map(|page| (page, distance)));
        }
        distances
    }

    /// Each page with its links and a picture on `cdn.test`; what is not there is 404, robots.txt too.
    pub(super) fn answer(self) -> Answer {
        Box::new(move |request| {
            let place = format!("{}{}", request.host, request.path);
            if request.host == "cdn.test" && request.path.starts_with("/i/") {
                return Response::new(
                    200,
                    "image/png",
                    [crate::common::site::PNG, place.as_bytes()].concat(),
                );
            }
            let Some(links) = self.links.get(&place) else { return Response::not_found() };
            let picture = to(request, &picture(&place));
            let links = links.iter().map(|link| to(request, link));
            let mut page = Response::page(&place, links);
            page.body.extend(format!("<img src=\"{picture}\">").into_bytes());
            page
        })
    }
}

/// The picture that a page shows.
pub(super) fn picture(page: &str) -> Place {
    format!("cdn.test/i/{}.png", page.replace(['/', '?'], "_"))
}

/// A place's URL, as a link on the server that was asked.
pub(super) fn to(request: &Request, place: &str) -> String {
    if place.contains("://") {
        return place.to_owned();
    }
    let port = request.header("Host").and_then(|host| host.rsplit_once(':')).map_or("80", |(_, port)| port);
    let (host, path) = place.split_once('/').unwrap();
    format!("http://{host}:{port}/{path}")
}

/// The same numbers each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}
