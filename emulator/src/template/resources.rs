//! What `Ref` and `Fn::GetAtt` give for a resource that exists only on this machine.
//!
//! Source: the "Return values" of each resource type in the CloudFormation user guide, and SAM's
//! "Generated resources" for the types `AWS::Serverless::*`.

use sha2::{Digest, Sha256};

use crate::random::uuid_of;

/// The account all local ARNs are in (the documentation's example account).
pub const ACCOUNT_ID: &str = "123456789012";
/// The region all local ARNs are in.
pub const REGION: &str = "us-east-1";
/// The local stack's name, and so the prefix of physical names.
pub const STACK_NAME: &str = "example";

/// Where a resource is: what every ARN is made of.
#[derive(Debug, Clone)]
pub struct Place {
    /// Twelve digits.
    pub account_id: String,
    /// Say `us-east-1`.
    pub region: String,
    /// The CloudFormation stack's name.
    pub stack_name: String,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            account_id: ACCOUNT_ID.to_owned(),
            region: REGION.to_owned(),
            stack_name: STACK_NAME.to_owned(),
        }
    }
}

/// The property that, when given, is the physical name.
pub(super) fn name_property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::Serverless::Function" | "AWS::Lambda::Function" => "FunctionName",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::SecretsManager::Secret" | "AWS::SSM::Parameter" | "AWS::Events::EventBus" => "Name",
        _ => return None,
    })
}

impl Place {
    /// The physical id of a resource whose template names none.
    pub(super) fn default_physical_id(&self, kind: &str, logical_id: &str) -> String {
        let Self {
            region, stack_name, ..
        } = self;
        match kind {
            // The ids of the documentation's examples, for a template with one pool.
            "AWS::Cognito::UserPool" if logical_id == "UserPool" => format!("{region}_Examplepl"),
            "AWS::Cognito::UserPoolClient" if logical_id == "UserPoolClient" => {
                "1example23456789example".to_owned()
            }
            "AWS::Cognito::UserPool" => format!("{region}_{}", digits_of(logical_id, 9)),
            "AWS::Cognito::UserPoolClient" => digits_of(logical_id, 26),
            "AWS::Cognito::IdentityPool" => {
                let digest: [u8; 32] = Sha256::digest(logical_id).into();
                let bytes = std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default());
                format!("{region}:{}", uuid_of(bytes))
            }
            "AWS::Serverless::HttpApi" | "AWS::ApiGatewayV2::Api" => logical_id.to_lowercase(),
            _ => format!("{stack_name}-{logical_id}"),
        }
    }

    /// An ARN of this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            region, account_id, ..
        } = self;
        format!("arn:aws:{service}:{region}:{account_id}:{resource}")
    }

    /// An IAM ARN; IAM has no region.
    pub fn iam_arn(&self, resource: &str) -> String {
        format!("arn:aws:iam::{}:{resource}", self.account_id)
    }

    /// What `Ref` gives.
    pub(super) fn reference(&self, kind: &str, id: &str) -> String {
        match kind {
            "AWS::Serverless::LayerVersion" | "AWS::Lambda::LayerVersion" => {
                self.arn("lambda", &format!("layer:{id}:1"))
            }
            "AWS::IAM::ManagedPolicy" => self.iam_arn(&format!("policy/{id}")),
            "AWS::SecretsManager::Secret" => self.secret_arn(id),
            "AWS::SNS::Topic" => self.arn("sns", id),
            "AWS::SQS::Queue" => self.queue_url(id),
            "AWS::Lambda::Version" | "AWS::Lambda::Alias" => {
                self.arn("lambda", &format!("function:{id}"))
            }
            _ => id.to_owned(),
        }
    }

    /// What `Fn::GetAtt` gives; types not listed get a placeholder that looks like an ARN where the
    /// attribute is one.
    pub(super) fn attribute(&self, kind: &str, id: &str, attribute: &str) -> String {
        let region = &self.region;
        match (kind, attribute) {
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn") => {
                self.arn("lambda", &format!("function:{id}"))
            }
            ("AWS::DynamoDB::Table", "Arn") => self.arn("dynamodb", &format!("table/{id}")),
            ("AWS::DynamoDB::Table", "StreamArn") => self.arn(
                "dynamodb",
                &format!("table/{id}/stream/2026-01-01T00:00:00.000"),
            ),
            ("AWS::IAM::Role", "Arn") => self.iam_arn(&format!("role/{id}")),
            ("AWS::IAM::ManagedPolicy", "PolicyArn") => self.iam_arn(&format!("policy/{id}")),
            ("AWS::Cognito::UserPool", "Arn") => self.arn("cognito-idp", &format!("userpool/{id}")),
            ("AWS::Cognito::UserPool", "ProviderName") => {
                format!("cognito-idp.{region}.amazonaws.com/{id}")
            }
            ("AWS::Cognito::UserPool", "ProviderURL") => {
                format!("https://cognito-idp.{region}.amazonaws.com/{id}")
            }
            ("AWS::Serverless::HttpApi" | "AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
                format!("https://{id}.execute-api.{region}.amazonaws.com")
            }
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{id}"),
            ("AWS::S3::Bucket", "DomainName") => format!("{id}.s3.amazonaws.com"),
            ("AWS::S3::Bucket", "RegionalDomainName") => format!("{id}.s3.{region}.amazonaws.com"),
            ("AWS::KMS::Key", "Arn") => self.arn("kms", &format!("key/{id}")),
            ("AWS::Logs::LogGroup", "Arn") => self.arn("logs", &format!("log-group:{id}:*")),
            ("AWS::SNS::Topic", "TopicArn") => self.arn("sns", id),
            ("AWS::SQS::Queue", "Arn") => self.arn("sqs", id),
            ("AWS::SQS::Queue", "QueueUrl") => self.queue_url(id),
            ("AWS::SecretsManager::Secret", "Id") => self.secret_arn(id),
            ("AWS::Events::EventBus", "Arn") => self.arn("events", &format!("event-bus/{id}")),
            (kind, attribute) if attribute.ends_with("Arn") => {
                let mut parts = kind.split("::").skip(1).map(str::to_lowercase);
                let service = parts.next().unwrap_or_default();
                let resource = parts.next().unwrap_or_default();
                self.arn(&service, &format!("{resource}/{id}"))
            }
            _ => id.to_owned(),
        }
    }

    /// A secret's ARN. AWS appends six characters to the name; here they are always these.
    pub(crate) fn secret_arn(&self, name: &str) -> String {
        self.arn("secretsmanager", &format!("secret:{name}-000000"))
    }

    pub(crate) fn queue_url(&self, name: &str) -> String {
        let Self {
            region, account_id, ..
        } = self;
        format!("https://sqs.{region}.amazonaws.com/{account_id}/{name}")
    }
}

/// So many hexadecimal digits, by which names differ.
fn digits_of(logical_id: &str, count: usize) -> String {
    let digest = base16ct::lower::encode_string(&Sha256::digest(logical_id));
    digest.chars().take(count).collect()
}
