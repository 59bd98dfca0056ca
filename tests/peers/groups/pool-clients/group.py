"""The stack as applications find it once everybody has moved in: SRP, and a browser page's origin admitted."""

import local_world


def before(world: local_world.LocalWorld) -> list[str]:
    world.page = f"http://127.0.0.1:{world.processes.free_port()}"
    return ["--parameter", "UsersStillMoveIn=false", "--parameter", f"CorsAllowOrigins={world.page}"]
