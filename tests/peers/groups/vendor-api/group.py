"""A back end that may vouch, beside what the template and the policy that ship have."""

from local_world import ROOT, LocalWorld

ROLE = """
Resources:
  CrmBackend:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root
            Action: sts:AssumeRole
      Policies:
        - PolicyName: vouch
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: execute-api:Invoke
                Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*/POST/vouch
"""
SOURCE = """
[identity-vendor.sources.crm]
vouched_by = ["poolkeeper-CrmBackend"]
vouched_claims = ["tenant"]
default_role = "member"
"""


def before(world: LocalWorld) -> list:
    template, policy = world.work / "template.yaml", world.work / "policy.toml"
    shipped = (ROOT / "template.yaml").read_text()
    assert "\nResources:\n" in shipped
    template.write_text(shipped.replace("\nResources:\n", ROLE, 1))
    policy.write_text((ROOT / "policy/policy.toml").read_text() + SOURCE)
    return ["--template", template, "--policy", policy]
