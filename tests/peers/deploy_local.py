"""`make deploy-local`: template.yaml, deployed by SAM into MiniStack, used by pools and SDKs that nobody here wrote.

deploy_local.py [WORDS]     plays the checks, up to the last whose sentence contains WORDS, and ends everything
deploy_local.py --stay      deploys, prints how to look inside, and stays until Ctrl-C

The last line is `N passed, N failed`; the exit status is 0 if none failed.
"""

import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import check_credentials  # noqa: F401  (adds its checks after those of the triggers)
import check_smoke  # noqa: F401  (it changes a function and changes it back)
import check_triggers  # noqa: F401
import check_documents  # noqa: F401, I001  (after the users that the triggers made)
import check_deploy  # noqa: F401, I001  (it deploys again)
import check_purge  # noqa: F401  (last: it deletes the stack)
import checks
from processes import Failed
from world import CODE, OWNER, REGION, World


def main() -> int:
    words = " ".join(sys.argv[1:])
    stay = words == "--stay"
    functions = checks.chosen("" if stay else words)
    if not functions:
        print(f"no check's sentence contains {words!r}; the sentences:", *map(checks.sentence, checks.CHECKS), sep="\n  ")
        return 2
    # Profiles, CA bundles and proxies of whoever runs this are for elsewhere.
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    started = time.monotonic()
    work = pathlib.Path(tempfile.mkdtemp(prefix="poolkeeper-deploy-local-"))
    world = None
    try:
        world = World(work)
        world.start()
        if stay:
            tell(world)
            signal.pause()
        passed, failed = checks.play(world, functions)
    except Failed as error:
        print(f"\nFAIL  {error}")
        passed, failed = 0, 1
    finally:
        if world:
            world.end()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def tell(world: World):
    jwt = f"$(curl -s -d subject=you {world.embedded}/oidc/token | sed 's/.*\"id_token\":\"\\([^\"]*\\).*/\\1/')"
    print(f"""
The deployed stack, as its owner:
  export AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} AWS_ENDPOINT_URL={world.ministack}
  export AWS_ACCESS_KEY_ID={OWNER['AWS_ACCESS_KEY_ID']} AWS_SECRET_ACCESS_KEY={OWNER['AWS_SECRET_ACCESS_KEY']}
  aws cloudformation describe-stacks --stack-name poolkeeper
  aws dynamodb scan --table-name {world.names['DirectoryTable']}
  aws logs filter-log-events --log-group-name {world.names['PreSignUpLogGroup']}

The user pool, in cognito-local (every confirmation code is {CODE}):
  aws cognito-idp sign-up --endpoint-url {world.pool.idp.meta.endpoint_url} --client-id {world.pool.client_id} \\
    --username you@example.com --password Your-passw0rd --user-attributes Name=email,Value=you@example.com

Credentials, in another shell:
  export AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} AWS_ENDPOINT_URL={world.embedded}
  export AWS_CONTAINER_CREDENTIALS_FULL_URI={world.vendor}/credentials
  export AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer {jwt}"
  aws sts get-caller-identity

What everybody says: {world.work}/*.log

Ctrl-C ends everything.""", flush=True)


if __name__ == "__main__":
    sys.exit(main())
