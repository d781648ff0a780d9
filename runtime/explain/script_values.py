"""What scripts are handed: the one list behind KIT.md and kit.d.lua. Tests compare it with the host's tables."""

from __future__ import annotations

from typing import NamedTuple


class Value(NamedTuple):
    """One member of a table that a script receives."""

    name: str
    type: str
    """In the words of the Lua Language Server; `?` = may be absent."""
    meaning: str


class Table(NamedTuple):
    """One such table."""

    name: str
    about: str
    values: tuple[Value, ...]
    open: bool = False
    """Whether it may hold more than is listed."""


def _values(lines: str) -> tuple[Value, ...]:
    return tuple(_value(line) for line in lines.strip().splitlines())


def _value(line: str) -> Value:
    declared, _, meaning = line.partition(" — ")
    name, _, kind = declared.partition(" ")
    return Value(name, kind, meaning)


TABLES = (
    Table(
        "event",
        "Event data in common names, cut to what the manifest's `permissions.event` grants. First argument of `map`, "
        "`lookup`, `resolve` and `apply`, and what `parse` returns a list of.",
        _values("""
event_name string — GA4's name where there is one, else the source's own
event_id string — for deduplication; the host makes one where the source gave none
event_time integer|number|string|nil — Unix seconds, as the source sent it; else the hit's arrival
client_id string? — the browser, as GA4 or the visitor cookie knows it
user_id string? — the customer, as the site knows them
currency string? — ISO 4217
value number? — of the whole event, in `currency`
transaction_id string? — of a purchase or refund
search_term string? — what was searched for
items item[]? — the products that it is about
user_data user_data? — who it is about
page_location string? — URL of the page
page_referrer string? — URL of the page before
page_title string? — as the browser shows it
page_path string? — path of the page
page_hostname string? — host of the page
language string? — the visitor's first language
ip_override string? — the visitor's address
user_agent string? — the visitor's browser
screen_resolution string? — such as 1920x1080
viewport_size string? — such as 1200x800
consent_state table<string, boolean>? — by purpose, as the source said it
x-fb-ck-fbp string? — Meta's browser id
x-fb-ck-fbc string? — Meta's click id
x-source-vendor string? — whose format the event came in
x-source-event-name string? — its name in that format
"""),
        open=True,
    ),
    Table(
        "user_data",
        "Who an event is about, plain or hashed. Each contact may be a list.",
        _values("""
email_address string|string[]|nil — plain
sha256_email_address string|string[]|nil — hashed in hexadecimal digits
phone_number string|string[]|nil — plain
sha256_phone_number string|string[]|nil — hashed in hexadecimal digits
address address|address[]|nil — where they live
"""),
        open=True,
    ),
    Table(
        "address",
        "Name and place of a person.",
        _values("""
first_name string? — plain
sha256_first_name string? — hashed
last_name string? — plain
sha256_last_name string? — hashed
street string? — with number
city string? — plain
region string? — state or province
postal_code string? — plain
country string? — ISO 3166-1 alpha-2
"""),
        open=True,
    ),
    Table(
        "item",
        "One product of an event.",
        _values("""
item_id string? — as the catalogue knows it
item_name string? — what it is called
item_brand string? — who makes it
item_category string? — the first of up to five, `item_category2` to `item_category5`
item_variant string? — such as a colour
price number? — of one, in the event's currency
quantity number? — how many
coupon string? — of this product
discount number? — on one
index number? — place in the list
item_list_id string? — the list that it was seen in
item_list_name string? — its name
affiliation string? — the shop
location_id string? — where it was sold
"""),
        open=True,
    ),
    Table(
        "hit",
        "The request as a client's `parse` receives it: the payload, and what the manifest's `permissions.hit` lists.",
        _values("""
id string? — of the hit
method string? — such as POST
path string? — decoded, without the query
host string? — the Host header in lower case
query string? — without the question mark, as it came
received_ms integer? — arrival, Unix milliseconds
received_s integer? — arrival, Unix seconds
client_ip string? — the visitor's address
user_agent string? — of the sender
language string? — its first language
page_url string? — of the page that sent it
referrer string? — of the page before
fbp string? — Meta's browser id in force
fbc string? — Meta's click id in force
visitor_id string? — of the visitor cookie
trust string? — `server` where a verified server speaks for a visitor, else `browser`
verified string? — the credential that was accepted
route table<string, string>? — what the placeholders of the path matched
consent table<string, boolean>? — what is granted, by purpose
headers table<string, string>? — those that `permissions.headers` names
cookies table<string, string>? — those that `permissions.cookies` names
geo table<string, string>? — country, region and city of the visitor, those that are known
params table? — the decoded payload, unless the client decodes none
body string? — the payload as text, where it decodes none
events table[]? — a slice of a batch, where the manifest counts events
fields table? — what stands beside the events of a batch
index integer? — place of the slice's first event in the batch, from 0
"""),
    ),
    Table(
        "consent",
        "What the visitor granted for this event, by purpose. Third argument of `map`, `lookup`, `resolve` and "
        "`apply`.",
        _values("""
ad_storage boolean — cookies and ids for advertising
ad_user_data boolean — personal data to advertisers
ad_personalization boolean — audiences and remarketing
analytics_storage boolean — cookies and ids for measuring
"""),
    ),
    Table(
        "batch",
        "What `request` and `verdict` learn about the items that go out together; `verdict` gets `key` and `count`.",
        _values("""
key string — the batch key that `map` gave, "" where it gave none
count integer — how many items
items string? — placeholder: the items, to be put in a list of the body
body string? — placeholder: the final body, for a signature
attempt_time string? — placeholder: Unix seconds of the attempt
"""),
    ),
    Table(
        "response",
        "The vendor's answer, the first argument of `verdict`.",
        _values("""
status integer — of HTTP
headers table<string, string> — names in lower case
body string — its first 64 KiB
json any? — the body, where it is JSON
"""),
    ),
    Table(
        "answer",
        "The answer to a variable's look-up, the fourth argument of `resolve`; nil where there was none in time, and "
        "where `lookup` asked for none.",
        _values("""
status integer — of HTTP
body string — at most 64 KiB
json any? — the body, where it is JSON
"""),
    ),
    Table(
        "verdict",
        "What `verdict` returns, for the batch or for one item of it.",
        _values("""
disposition "delivered"|"retry"|"reject" — what becomes of it
reason string? — for people
retry_after number? — seconds to wait at least
stop boolean? — the whole tag waits: every event would fail, and none is lost
final boolean? — a rejected batch is not tried in halves
items table[]? — for single items: `index` from 1, with the members above
"""),
    ),
)
