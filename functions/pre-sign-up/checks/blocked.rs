//! `blocked`: the address, its domain and the phone number, against the blocks of the directory table, which are set
//! and lifted without a deploy.

use std::collections::BTreeSet;

use shared::{
    aws::ServiceError,
    deadline::Deadline,
    email::EmailAddress,
    phone::is_e164,
    state::{DirectoryKey, read_number, read_text},
};
use time::OffsetDateTime;

use crate::{Applicant, judge::Finding, services::Services};

/// Of a domain, how many of the names above it are looked for: DynamoDB takes 100 keys a question.
const MAX_NAMES: usize = 80;

/// Whether anything that the applicant brings is blocked now. What is not there is not looked for. What cannot be read
/// is undecided only where nothing else is blocked: otherwise a broken number would spare a blocked address.
pub(super) async fn look(
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Finding {
    let (address, broken_address) = match applicant.attribute("email").map(|_| applicant.email()) {
        None => (None, None),
        Some(Ok(address)) => (Some(address), None),
        Some(Err(undecided)) => (None, Some(undecided)),
    };
    let (number, broken_number) = match applicant.attribute("phone_number") {
        Some(number) if !is_e164(number) => (None, Some("invalid-phone-number")),
        number => (number, None),
    };
    let keys = keys(address.as_ref(), number);
    match standing(&keys, services, deadline).await {
        Ok(Some(reason)) => Finding::Objection(reason),
        Ok(None) => broken_address
            .or(broken_number.map(Finding::undecided))
            .unwrap_or(Finding::Clear),
        Err(error) => Finding::unanswered("blocks-unavailable", error),
    }
}

/// The reason of the first of the keys whose block stands now.
async fn standing(
    keys: &[(DirectoryKey, &'static str)],
    services: &Services,
    deadline: Deadline,
) -> Result<Option<&'static str>, ServiceError> {
    if keys.is_empty() {
        return Ok(None);
    }
    let wanted = keys.iter().map(|(key, _)| key);
    let items = services.directory_items(wanted, deadline).await?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let stands = items
        .iter()
        .filter(|item| read_number(item, "expires_at").is_none_or(|until| until > now));
    let standing: BTreeSet<&str> = stands.filter_map(|item| read_text(item, "pk")).collect();
    let blocked = keys
        .iter()
        .find(|(key, _)| standing.contains(key.pk.as_str()));
    Ok(blocked.map(|(_, reason)| *reason))
}

/// The keys of the blocks that would concern the applicant, each with the reason.
fn keys(address: Option<&EmailAddress>, number: Option<&str>) -> Vec<(DirectoryKey, &'static str)> {
    let mut keys = Vec::new();
    if let Some(address) = address {
        let mailbox = address.mailbox();
        keys.push((DirectoryKey::block("email", &mailbox), "email-blocked"));
        let domain = address.domain().as_str();
        let above = domain.match_indices('.').map(|(dot, _)| dot + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(above).collect();
        let names = starts.iter().rev().take(MAX_NAMES);
        let names = names.filter_map(|start| domain.get(*start..));
        keys.extend(names.map(|name| (DirectoryKey::block("domain", name), "domain-blocked")));
    }
    if let Some(number) = number {
        // The sign and a digit, and so on to the whole number.
        let prefixes = (2..=number.len()).filter_map(|end| number.get(..end));
        let block = |prefix| DirectoryKey::block("phone", prefix);
        keys.extend(prefixes.map(|prefix| (block(prefix), "phone-number-blocked")));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_mailbox_is_blocked_with_it() {
        let address: EmailAddress = "Mal.Lory+again@googlemail.com".parse().unwrap();
        let key = DirectoryKey::block("email", "mallory@gmail.com");
        assert!(keys(Some(&address), None).contains(&(key, "email-blocked")));
    }

    #[test]
    fn a_name_of_many_labels_is_still_one_question_and_keeps_the_names_on_top() {
        let address = format!("ana@{}example.com", "a.".repeat(110));
        let address: EmailAddress = address.parse().unwrap();
        let keys = keys(Some(&address), Some("+123456789012345"));
        assert!(keys.len() <= 100, "{}", keys.len());
        for name in ["com", "example.com", "a.example.com"] {
            let block = DirectoryKey::block("domain", name);
            assert!(keys.iter().any(|(key, _)| *key == block), "{name}");
        }
    }
}
