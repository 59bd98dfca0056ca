//! Who is confirmed without a code of Cognito's, and whose address counts as verified.
//!
//! Where the address is an alias, verifying it takes the alias from the user who had it: that is asked first,
//! and such a sign-up is refused. When it cannot be asked, nothing is confirmed, and Cognito sends its code.

use serde_json::{Map, Value};
use shared::{aws::ServiceError, deadline::Deadline, phone::is_e164, policy::AutoConfirm};

use crate::{Applicant, judge::Done, services::Services, user_pool::PoolUser};

/// What comes of the rules.
#[derive(Debug)]
pub enum Confirmation<'a> {
    /// Cognito sends its code.
    ByCode,
    /// By this rule there is no code.
    Automatic(&'a AutoConfirm),
    /// It would take the address from another user.
    AliasTaken(&'a AutoConfirm),
    /// It could not be asked whether it would: Cognito sends its code.
    Unknown(ServiceError),
}

/// The first rule that holds for a sign-up for which this was done.
fn rule<'a>(
    rules: &'a [AutoConfirm],
    applicant: &Applicant<'_>,
    done: &[Done],
) -> Option<&'a AutoConfirm> {
    let bound = done.contains(&Done::InvitationHeld { bound: true });
    rules.iter().find(|rule| {
        let client = rule.clients.as_ref().is_none_or(|ids| {
            let known = |id: &str| ids.contains(id);
            applicant.client_id.is_some_and(known)
        });
        // A rule without either does not load.
        client && (bound || !rule.bound_invitation) && (rule.clients.is_some() || bound)
    })
}

/// The rule, if it takes nothing from anybody.
pub(crate) async fn confirm<'a>(
    rules: &'a [AutoConfirm],
    applicant: &Applicant<'_>,
    done: &[Done],
    services: Option<&Services>,
    deadline: Deadline,
) -> Confirmation<'a> {
    let Some(rule) = rule(rules, applicant, done) else {
        return Confirmation::ByCode;
    };
    let Some(services) = services else {
        return Confirmation::Automatic(rule);
    };
    match others(rule, applicant, services, deadline).await {
        Ok(false) => Confirmation::Automatic(rule),
        Ok(true) => Confirmation::AliasTaken(rule),
        Err(error) => Confirmation::Unknown(error),
    }
}

/// Whether somebody else has, verified, what the rule would verify.
async fn others(
    rule: &AutoConfirm,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Result<bool, ServiceError> {
    let pool = applicant.user_pool_id.unwrap_or_default();
    let another = |user: &PoolUser| Some(user.user_name.as_str()) != applicant.user_name;
    let half = deadline.at_most(deadline.remaining() / 2);
    if rule.verify_email
        && let Ok(address) = applicant.email()
    {
        let written = applicant.attribute("email").unwrap_or_default();
        let users = services.user_pool.users_with(pool, &address, written, half);
        let users = users.await?;
        if users
            .iter()
            .any(|user| user.email_verified && another(user))
        {
            return Ok(true);
        }
    }
    if rule.verify_phone_number
        && let Some(number) = phone_number(applicant)
    {
        let users = services.user_pool.users_at(pool, number, deadline).await?;
        let taken = |user: &PoolUser| user.phone_number_verified && another(user);
        return Ok(users.iter().any(taken));
    }
    Ok(false)
}

fn phone_number<'a>(applicant: &Applicant<'a>) -> Option<&'a str> {
    applicant
        .attribute("phone_number")
        .filter(|number| is_e164(number))
}

/// The members of `response`. To verify what is not there fails the sign-up.
pub(crate) fn response(rule: &AutoConfirm, applicant: &Applicant<'_>) -> Map<String, Value> {
    let verify_email = rule.verify_email && applicant.email().is_ok();
    let verify_phone = rule.verify_phone_number && phone_number(applicant).is_some();
    let members = [
        ("autoConfirmUser", true),
        ("autoVerifyEmail", verify_email),
        ("autoVerifyPhone", verify_phone),
    ];
    let set = members.into_iter().filter(|(_, set)| *set);
    set.map(|(name, set)| (name.to_owned(), Value::Bool(set)))
        .collect()
}
