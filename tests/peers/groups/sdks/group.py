"""The stack, with a browser page's origin admitted; and the example for Node beside the group's packages."""

import shutil

import clients
import local_world


def before(world: local_world.LocalWorld) -> list[str]:
    # Once: a program that another thread writes anew is empty for a moment, and Node runs it as such, with status 0.
    shutil.copy(clients.EXAMPLES / "rows.mjs", clients.SCRIPT)
    world.page = f"http://127.0.0.1:{world.processes.free_port()}"
    return ["--parameter", f"CorsAllowOrigins={world.page}"]
