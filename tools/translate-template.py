"""Writes the CloudFormation template that the SAM transform makes of template.yaml, as JSON on standard output.

Linters look at AWS::Serverless resources only superficially; in the translation a wrong runtime, an action that does not
exist or a circle of dependencies is seen. No network: no managed policy is named in the template.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    # What `sam package` would put in place of a local path.
    for key in ("CodeUri", "ContentUri"):
        if key in resource.get("Properties", {}):
            resource["Properties"][key] = "s3://packages/object"
json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout, indent=1)
