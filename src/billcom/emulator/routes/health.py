"""Owns GET /v3/health. Unverified: the values, and that it answers without a session."""

from billcom.emulator.routing import Answer, Call, Routes

routes = Routes()


@routes.add("GET", "/v3/health", public=True)
def get_health(call: Call) -> Answer:
    """Answer that the API is up."""
    del call
    return Answer(200, {"appId": "local-bill", "appEnv": "local", "appVersion": "v3", "bdcRegion": "local"})
