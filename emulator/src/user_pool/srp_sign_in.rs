//! The sign-in that client libraries prefer: `USER_SRP_AUTH`, then `PASSWORD_VERIFIER`. The migration
//! trigger is never asked here, for nobody has shown a password.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    UserPool,
    error::Answer,
    parameters::Parameters,
    settings::Flow,
    srp::{Exchange, pool_name},
};
use crate::{iam::JsonError, random};

impl UserPool {
    pub(super) fn begin_srp(&self, parameters: &Parameters) -> Answer {
        self.check_flow(Flow::Srp)?;
        let name = parameters.required("USERNAME")?;
        let client = parameters.required("SRP_A")?;
        let known = self.username_of(name);
        if known.is_none() && !self.settings().prevent_user_existence_errors {
            return Err(JsonError::user_not_found());
        }
        // Somebody unknown gets a challenge too, which no password answers.
        let username = known.clone().unwrap_or_else(|| name.to_owned());
        let inner = {
            let state = self.state();
            let user = known.as_ref().and_then(|name| state.users.get(name));
            let password = user.and_then(|user| user.password.as_ref());
            password.map(|password| password.inner().to_vec())
        };
        let inner = match inner {
            Some(inner) => inner,
            None => random::bytes::<32>()?.to_vec(),
        };
        let exchange = Exchange::begin(client, &inner)?
            .ok_or_else(|| JsonError::invalid_parameter("SRP_A is not a valid public value."))?;
        let answer = json!({
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": {
                "SALT": exchange.salt(),
                "SRP_B": exchange.server(),
                "SECRET_BLOCK": STANDARD.encode(&exchange.block),
                "USERNAME": username,
                "USER_ID_FOR_SRP": username,
            },
        });
        self.state()
            .exchanges
            .insert(exchange.block.clone(), exchange);
        Ok(answer)
    }

    pub(super) fn finish_srp(&self, responses: &Parameters) -> Answer {
        let username = responses.required("USERNAME")?;
        let timestamp = responses.required("TIMESTAMP")?;
        let decoded = |name| {
            let text = responses.required(name)?;
            STANDARD
                .decode(text)
                .map_err(|_| JsonError::wrong_credentials())
        };
        let block = decoded("PASSWORD_CLAIM_SECRET_BLOCK")?;
        let signature = decoded("PASSWORD_CLAIM_SIGNATURE")?;
        // One try for each challenge.
        let exchange = self.state().exchanges.remove(&block);
        let exchange = exchange.ok_or_else(JsonError::wrong_credentials)?;
        let pool_id = &self.settings().pool_id;
        let signed = [
            pool_name(pool_id).as_bytes(),
            username.as_bytes(),
            &block,
            timestamp.as_bytes(),
        ];
        if !exchange.proves(signed, &signature) {
            return Err(JsonError::wrong_credentials());
        }
        self.admitted(username)
    }
}
