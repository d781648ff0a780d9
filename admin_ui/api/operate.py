"""What an operator's own tools read: whether it runs, figures, alert rules."""

from __future__ import annotations

from starlette.responses import JSONResponse, PlainTextResponse, Response

from admin_ui.assets import serve_asset
from admin_ui.call import Call
from admin_ui.routes import Entry
from runtime.explain.alerts import alert_rules


def _health(call: Call) -> Response:
    return JSONResponse({"status": "ok"})


def _metrics(call: Call) -> Response:
    with call.admin.one_scrape:
        text, media_type = call.admin.metrics.scrape(call.request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": media_type})


def _alerts(call: Call) -> Response:
    return PlainTextResponse(alert_rules(), media_type="application/yaml")


def _static(call: Call) -> Response:
    return serve_asset(call.params["path"])


ROUTES = (
    Entry("GET", "/healthz", _health, None),
    Entry("GET", "/static/{path:path}", _static, None),
    Entry("GET", "/metrics", _metrics, local=True),
    Entry("GET", "/alerts.yaml", _alerts, local=True),
)
