"""What helps against each reason for which the collector does not take a request.

Reasons are the codes of `runtime.edge` (its outcomes, the guard before it, and what it decodes to count events)."""

from __future__ import annotations

BY_REASON: dict[str, str] = {
    "unclaimed": "No client takes this method and path. Add the path to a client's `paths`, or correct the URL.",
    "method_not_allowed": "A client takes the path, but with another method. Correct the sender.",
    "body_too_large": "The body is larger than the client takes. Send fewer events at once, or raise `max_body` of the"
    " client's template; the server's own ceiling is FIRSTHAND_MAX_BODY_BYTES.",
    "message_too_large": "The request is larger than any that is taken. Send fewer events at once.",
    "url_too_long": "The URL is too long. Send the data in a POST body, or raise FIRSTHAND_MAX_URL_BYTES.",
    "headers_too_large": "Headers or cookies are too large. Remove cookies that nobody needs there.",
    "unsupported_encoding": "The body is compressed in a way that is not taken. Send gzip, deflate, or plain.",
    "bad_encoding": "The compressed body is damaged: the sender, or a proxy on the way, cut it.",
    "token_missing": "The client wants an access token and the sender gave none. Set it in the sender.",
    "token_wrong": "The sender's access token is none of the client's. Compare it with the client's setting; after a"
    " new one was set, senders need it too.",
    "environment_unavailable": "The environment of that host cannot take hits; the collector's log says why, most often"
    " a secret that is not set.",
    "preview_unavailable": "What the preview runs cannot take hits here: it has errors, or a secret is not set.",
    "preview_over": "The preview's time is over. Make a new link.",
    "preview_invalid": "The preview's link was cut, is another container's, or all were ended. Make a new one.",
    "preview_embedded": "A preview's link was loaded as an image, a frame or a script. Open it in a tab.",
    "preview_other": "The browser is in another preview than the one to be ended. Open its page again.",
    "bad_host": "The Host header names no host. Scanners do that; look at the proxy where it is your own traffic.",
    "not_one_host": "The request has no Host header, or several. Scanners do that; look at the proxy if it is yours.",
    "bad_request": "The request is not valid HTTP. Scanners do that; look at the proxy where it is your own traffic.",
    "bad_target": "The request asks for a whole URL, as of a proxy. Scanners do that.",
    "bad_transfer_encoding": "The transfer coding is not taken. Look at the proxy where it is your own traffic.",
    "receive_deadline": "The request did not arrive whole in time: a slow network, or a sender that hangs.",
    "invalid_json": "The body is not valid JSON. Correct the sender.",
    "empty_body": "The body is empty where JSON is expected. Correct the sender.",
    "data_missing": "The body has no `data`. Correct the sender, or its URL.",
    "not_a_list": "The events are no list. Correct the sender.",
    "too_many_events": "More events at once than the client takes. Send them in several requests.",
    "invalid_multipart": "The multipart body is damaged. Correct the sender.",
    "too_deep": "The JSON is nested deeper than is taken. Correct the sender.",
    "too_many_keys": "An object in the JSON has more keys than are taken. Correct the sender.",
    "text_too_long": "A text in the JSON is longer than is taken. Correct the sender.",
    "overload": "More came than could be stored in time. Senders were told to try again; add workers if it lasts.",
    "log_unavailable": "The log could not be written, so nothing was accepted. Look at the disk and the server's log.",
    "disk_full": "The disk is nearly full. Make room, or lower FIRSTHAND_RETENTION_DAYS.",
    "too_many_connections": "More connections than the server takes. Look at the proxy's, or add workers.",
}
BY_KIND: dict[str, str] = {
    "refused": "The sender's request has to change: its answer says how.",
    "unclaimed": BY_REASON["unclaimed"],
    "unavailable": "Senders were told to try again. The server's log says what was wrong.",
    "failed": "A mistake in Firsthand; the server's log names the place. Senders were told to try again.",
    "disconnected": "The sender left before its body was complete: a page that was closed, or a cut line.",
}


def what_to_do(kind: str, reason: str) -> str:
    """Returns what helps, in a sentence or two: by the reason, else by the kind of counter that it is under."""
    return BY_REASON.get(reason, BY_KIND[kind])
