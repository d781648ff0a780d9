"""Where an author who knows sGTM finds each of its server APIs here: the table of tags/README.md.

65 names are counted: every module that a server template can `require` in sGTM, each name by itself (so the seven
`getRequest…` are seven, and `BigQuery`, `Firestore`, `templateDataStorage`, `JSON`, `Math`, `Object` and `Promise` one
each). `queryPermission` and the six functions of template tests are outside the count; a note tells of them.
"""

from __future__ import annotations

_ROWS = """
addEventCallback = The host notes each tag's state, reason and delivery: `firsthand events show`, `firsthand
    deliveries`.
addMessageListener = None: scripts of one event share nothing, so that tags cannot depend on each other's order. What
    several tags need is a variable or a transformation.
hasMessageListener = None, as `addMessageListener`.
sendMessage = None, as `addMessageListener`.
callLater = None: a call ends when it returns. What comes later, the delivery, is the host's.
claimRequest = Declared: `client.methods`, `client.paths` and `client.hosts` in the manifest; the container gives
    clients their priority.
computeEffectiveTldPlusOne = `domain.registrable`
createRegex = No object is made: `regex.match`, `regex.find` and `regex.replace` take the pattern as text (RE2; `(?i)`
    ignores case), and the host keeps it compiled.
testRegex = `regex.match` anywhere in a text, `regex.full_match` for all of it.
decodeUri = `url.decode`
decodeUriComponent = `url.decode`
encodeUri = `url.encode` for each part; `url.build_query` for a query.
encodeUriComponent = `url.encode`
extractEventsFromMpv1 = None: Universal Analytics has ended. A client's `parse` can read such a hit with `url.query`.
extractEventsFromMpv2 = The client template `ga4_web` does it.
isRequestMpv1 = None: a client claims by method, path and host, in its manifest.
isRequestMpv2 = None: a client claims by method, path and host, in its manifest.
fromBase64 = `text.unbase64`; `text.base64_to_hex` where the bytes are no text.
toBase64 = `text.base64`; `text.base64url` is safe in URLs.
generateRandom = `random.integer`, the same at every replay.
getAllEventData = The argument `event` of `map`, `resolve` and `apply`, cut to what `permissions.event` grants.
getEventData = `event.user_data.email_address`; the variable template `event_field` for a path in a setting.
getClientName = `container.client`; `event["x-source-vendor"]` tells whose format the event came in.
getContainerVersion = `container.version`; beside it there are `container.id`, `container.environment` and
    `container.preview`.
getCookieValues = `incoming.cookie`, where `permissions.cookies.read` names it; the variable template `request_cookie`.
getGoogleAuth = None: credentials are settings of type secret, and scripts see placeholders only.
getGoogleScript = None: scripts of others are not served from here.
getRemoteAddress = `event.ip_override`, or `hit.client_ip` in `parse`; the operator says which proxies are
    believed.
getRequestBody = `hit.params`, decoded as `client.decode` says, or `hit.body`, in `parse`.
getRequestHeader = `incoming.header`, where `permissions.headers` names it; the variable template `request_header`.
getRequestMethod = `incoming.method`
getRequestPath = `incoming.path`
getRequestQueryParameter = `incoming.query`, where `permissions.hit` grants `query`; the variable template
    `request_query`.
getRequestQueryParameters = `url.query` of `hit.query`; in forms `hit.params` holds them too.
getRequestQueryString = `incoming.query` without a name; `hit.query` in `parse`.
getTimestamp = `time.now_ms`: the hit's arrival, the same at every replay.
getTimestampMillis = `time.now_ms`; `time.now` for seconds, `time.iso` and `time.iso_ms` for text.
getType = Lua's `type`, and `math.type` for numbers. A list is a table whose place 1 holds something.
makeInteger = Lua's `math.tointeger(tonumber(value))`
makeNumber = Lua's `tonumber`
makeString = Lua's `tostring`
makeTableMap = A setting of type `map` arrives as such a table.
hmacSha256 = `crypto.hmac_sha256` and `crypto.hmac_sha256_base64`, with a setting of type secret as the key. The
    digest is put in when the request is sent.
logToConsole = `log.info` and `log.warn`: always in traces and `firsthand try`, in the process log with
    `permissions.log`.
parseUrl = `url.parse` and `url.query`
returnResponse = The host answers by itself, once the hit is on disk and before any script runs.
runContainer = `parse` returns a list of events; the host runs the container for each.
sendEventToGoogleAnalytics = The destination template `ga4_mp`.
sendHttpGet = `request` describes the call (`method = "GET"`); the host sends it, and again where that is needed.
sendHttpRequest = `request` describes the call, the host sends and repeats it from the durable log, `verdict` says what
    the answer means.
sendPixelFromBrowser = None: the browser has its answer before any script runs.
setCookie = Declared: `permissions.cookies.set` names which of `_fbp`, `_fbc` and `_fhid` the answer may issue; the host
    makes their values, and only with consent.
setPixelResponse = Declared: `kind: gif` in `client.answers`.
setResponseBody = Declared: a JSON body with placeholders in `client.answers`.
setResponseHeader = The host's: it writes the headers for caches and other origins (`client.cors`).
setResponseStatus = Declared: `status` in `client.answers`.
sha256 = `crypto.sha256` (hexadecimal digits) or `crypto.sha256_base64`; nothing to wait for.
sha256Sync = `crypto.sha256` or `crypto.sha256_base64`
templateDataStorage = None: nothing is kept from one call to the next, or a replay would differ.
BigQuery = None: send events to a service of yours with the destination template `webhook`.
Firestore = None: a script reads nothing but the event, the hit and its settings.
JSON = `json.decode` (nil where it is no JSON) and `json.encode` (keys in order).
Math = Lua's `math` and its operators.
Object = Lua's `pairs` and `next`; assigning nil deletes.
Promise = None: no call waits for anything.
"""

NOTE = """\
Beside these, `queryPermission` has no like: what the manifest grants is known before the script runs. The functions of
template tests (`mock`, `assertThat`, …) have none either: examples are the tests."""


def _read(text: str) -> dict[str, str]:
    rows: dict[str, str] = {}
    name = ""
    for line in text.strip().splitlines():
        if line.startswith("    "):
            rows[name] += f" {line.strip()}"
        else:
            name, _, here = line.partition(" = ")
            if name in rows:
                raise ValueError(f"{name} stands twice")
            rows[name] = here
    return rows


APIS: dict[str, str] = _read(_ROWS)
"""What takes the place of an API, in Markdown, by its name."""


def table() -> str:
    """Returns the table and its note."""
    rows = "\n".join(f"| `{name}` | {here} |" for name, here in APIS.items())
    return f"| sGTM | here |\n|---|---|\n{rows}\n\n{NOTE}\n"
