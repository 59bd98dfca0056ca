"""The stack, with a browser page's origin admitted."""

import local_world


def before(world: local_world.LocalWorld) -> list[str]:
    world.page = f"http://127.0.0.1:{world.processes.free_port()}"
    return ["--parameter", f"CorsAllowOrigins={world.page}"]
