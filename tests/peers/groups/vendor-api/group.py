"""A back end that may vouch, beside what the template and the policy that ship have."""

from local_world import ROOT, LocalWorld

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
    back_ends = (ROOT / "tests/common/back-ends.yaml").read_text()
    template.write_text(shipped.replace("\nResources:\n", f"\n{back_ends}", 1))
    policy.write_text((ROOT / "policy/policy.toml").read_text() + SOURCE)
    return ["--template", template, "--policy", policy]
