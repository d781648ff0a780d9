---@meta firsthand

-- The kit, and what scripts are handed, for the Lua Language Server. Written by `python -m runtime.explain.kit_docs`.

---Event data in common names, cut to what the manifest's `permissions.event` grants. First argument of `map`, `lookup`, `resolve` and `apply`, and what `parse` returns a list of.
---@class event
---@field event_name string GA4's name where there is one, else the source's own
---@field event_id string for deduplication; the host makes one where the source gave none
---@field event_time integer|number|string|nil Unix seconds, as the source sent it; else the hit's arrival
---@field client_id string? the browser, as GA4 or the visitor cookie knows it
---@field user_id string? the customer, as the site knows them
---@field currency string? ISO 4217
---@field value number? of the whole event, in `currency`
---@field transaction_id string? of a purchase or refund
---@field search_term string? what was searched for
---@field items item[]? the products that it is about
---@field user_data user_data? who it is about
---@field page_location string? URL of the page
---@field page_referrer string? URL of the page before
---@field page_title string? as the browser shows it
---@field page_path string? path of the page
---@field page_hostname string? host of the page
---@field language string? the visitor's first language
---@field ip_override string? the visitor's address
---@field user_agent string? the visitor's browser
---@field screen_resolution string? such as 1920x1080
---@field viewport_size string? such as 1200x800
---@field consent_state table<string, boolean>? by purpose, as the source said it
---@field ["x-fb-ck-fbp"] string? Meta's browser id
---@field ["x-fb-ck-fbc"] string? Meta's click id
---@field ["x-source-vendor"] string? whose format the event came in
---@field ["x-source-event-name"] string? its name in that format
---@field [string] any what else the source sent

---Who an event is about, plain or hashed. Each contact may be a list.
---@class user_data
---@field email_address string|string[]|nil plain
---@field sha256_email_address string|string[]|nil hashed in hexadecimal digits
---@field phone_number string|string[]|nil plain
---@field sha256_phone_number string|string[]|nil hashed in hexadecimal digits
---@field address address|address[]|nil where they live
---@field [string] any what else the source sent

---Name and place of a person.
---@class address
---@field first_name string? plain
---@field sha256_first_name string? hashed
---@field last_name string? plain
---@field sha256_last_name string? hashed
---@field street string? with number
---@field city string? plain
---@field region string? state or province
---@field postal_code string? plain
---@field country string? ISO 3166-1 alpha-2
---@field [string] any what else the source sent

---One product of an event.
---@class item
---@field item_id string? as the catalogue knows it
---@field item_name string? what it is called
---@field item_brand string? who makes it
---@field item_category string? the first of up to five, `item_category2` to `item_category5`
---@field item_variant string? such as a colour
---@field price number? of one, in the event's currency
---@field quantity number? how many
---@field coupon string? of this product
---@field discount number? on one
---@field index number? place in the list
---@field item_list_id string? the list that it was seen in
---@field item_list_name string? its name
---@field affiliation string? the shop
---@field location_id string? where it was sold
---@field [string] any what else the source sent

---The request as a client's `parse` receives it: the payload, and what the manifest's `permissions.hit` lists.
---@class hit
---@field id string? of the hit
---@field method string? such as POST
---@field path string? decoded, without the query
---@field host string? the Host header in lower case
---@field query string? without the question mark, as it came
---@field received_ms integer? arrival, Unix milliseconds
---@field received_s integer? arrival, Unix seconds
---@field client_ip string? the visitor's address
---@field user_agent string? of the sender
---@field language string? its first language
---@field page_url string? of the page that sent it
---@field referrer string? of the page before
---@field fbp string? Meta's browser id in force
---@field fbc string? Meta's click id in force
---@field visitor_id string? of the visitor cookie
---@field trust string? `server` where a verified server speaks for a visitor, else `browser`
---@field verified string? the credential that was accepted
---@field route table<string, string>? what the placeholders of the path matched
---@field consent table<string, boolean>? what is granted, by purpose
---@field headers table<string, string>? those that `permissions.headers` names
---@field cookies table<string, string>? those that `permissions.cookies` names
---@field geo table<string, string>? country, region and city of the visitor, those that are known
---@field params table? the decoded payload, unless the client decodes none
---@field body string? the payload as text, where it decodes none
---@field events table[]? a slice of a batch, where the manifest counts events
---@field fields table? what stands beside the events of a batch
---@field index integer? place of the slice's first event in the batch, from 0

---What the visitor granted for this event, by purpose. Third argument of `map`, `lookup`, `resolve` and `apply`.
---@class consent
---@field ad_storage boolean cookies and ids for advertising
---@field ad_user_data boolean personal data to advertisers
---@field ad_personalization boolean audiences and remarketing
---@field analytics_storage boolean cookies and ids for measuring

---What `request` and `verdict` learn about the items that go out together; `verdict` gets `key` and `count`.
---@class batch
---@field key string the batch key that `map` gave, "" where it gave none
---@field count integer how many items
---@field items string? placeholder: the items, to be put in a list of the body
---@field body string? placeholder: the final body, for a signature
---@field attempt_time string? placeholder: Unix seconds of the attempt

---The vendor's answer, the first argument of `verdict`.
---@class response
---@field status integer of HTTP
---@field headers table<string, string> names in lower case
---@field body string its first 64 KiB
---@field json any? the body, where it is JSON

---The answer to a variable's look-up, the fourth argument of `resolve`; nil where there was none in time, and where `lookup` asked for none.
---@class answer
---@field status integer of HTTP
---@field body string at most 64 KiB
---@field json any? the body, where it is JSON

---What `verdict` returns, for the batch or for one item of it.
---@class verdict
---@field disposition "delivered"|"retry"|"reject" what becomes of it
---@field reason string? for people
---@field retry_after number? seconds to wait at least
---@field stop boolean? the whole tag waits: every event would fail, and none is lost
---@field final boolean? a rejected batch is not tried in halves
---@field items table[]? for single items: `index` from 1, with the members above

---Who says that it is one.
bots = {}

---Tells whether a user agent names itself as a bot, by the crawler-user-agents list.
---
---```lua
---bots.match("Googlebot/2.1") --> true
---```
---@param user_agent string
---@return boolean
function bots.match(user_agent) end

---Which version took the hit, where, and by which client. It is the hit's own, the same at every run.
container = {}

---Tells the client that claimed the hit, by its id in the container.
---
---```lua
---container.client() --> "pixel"
---```
---@return string? # nil where the event came with no request
function container.client() end

---Tells the environment that took the hit: `live`, another one's name, or `preview`.
---
---```lua
---container.environment() --> "live"
---```
---@return string? # nil where the event came with no request
function container.environment() end

---Tells the container's name.
---
---```lua
---container.id() --> "shop"
---```
---@return string? # nil in `firsthand try`
function container.id() end

---Tells whether the hit belongs to a preview.
---
---```lua
---container.preview() --> false
---```
---@return boolean
function container.preview() end

---Tells the number of the version that the hit arrived on; below zero it is a draft's, in a preview.
---
---```lua
---container.version() --> 12
---```
---@return integer? # nil where the event came with no request
function container.version() end

---Hashes. A script holds no secret, so what needs one is a placeholder that the host fills in.
crypto = {}

---Stands for the HMAC-SHA256 of a message. What comes back is a placeholder, for which the host puts the digest (lower-case hex) when it sends the request. The message may hold placeholders itself, such as batch.body.
---
---```lua
---headers["x-signature"] = crypto.hmac_sha256(settings.signing_key, batch.body)
---```
---@param secret string a setting of type secret, as it is
---@param message string
---@return string # to be placed in the request's url, headers or body
function crypto.hmac_sha256(secret, message) end

---As `hmac_sha256`, with the digest as Base64.
---
---```lua
---headers["x-signature"] = crypto.hmac_sha256_base64(settings.signing_key, batch.body)
---```
---@param secret string a setting of type secret, as it is
---@param message string
---@return string # to be placed in the request's url, headers or body
function crypto.hmac_sha256_base64(secret, message) end

---Tells whether a value is a SHA-256 in hexadecimal digits of any case, so that it is not hashed twice.
---
---```lua
---crypto.is_sha256("ann@shop.example") --> false
---```
---@param value? any anything; what is no text is none
---@return boolean
function crypto.is_sha256(value) end

---Hashes the UTF-8 bytes of a text.
---
---```lua
---crypto.sha256("john") --> "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a"
---```
---@param text string
---@return string # 64 lower-case hexadecimal digits
function crypto.sha256(text) end

---Hashes the UTF-8 bytes of a text.
---
---```lua
---crypto.sha256_base64("john") --> "ltljLzY1ZMwwMlIUCc8iqFLyAy7sCZ7VlnwNAAzsYHo="
---```
---@param text string
---@return string # the 32 bytes as Base64 (RFC 4648)
function crypto.sha256_base64(text) end

---Host names.
domain = {}

---Returns the part of a host name that one owner registers, by the public suffix list.
---
---```lua
---domain.registrable("www.shop.co.uk") --> "shop.co.uk"
---```
---@param host string with or without port
---@return string? # nil for IP addresses, single labels and public suffixes
function domain.registrable(host) end

---The request that brought the event. The manifest grants its cookies and headers by name. What a manifest does not grant is a permission fault with the line to add. The values are those that were stored with the hit, the same at every run.
incoming = {}

---Reads a cookie of the request, as the browser sent it. The manifest grants it under permissions.cookies.read.
---
---```lua
---incoming.cookie("_ttp")
---```
---@param name string
---@return string? # nil where the browser sent none
function incoming.cookie(name) end

---Tells where the visitor is, as far as a trusted proxy or the operator's database says. The manifest grants it under permissions.hit.fields.
---
---```lua
---incoming.geo().country
---```
---@return table # country (`US`), region (`CA`) and city, those that are known
function incoming.geo() end

---Reads a header of the request, its name in any case. The manifest grants it under permissions.headers.names; Cookie, Authorization and Proxy-Authorization are never stored.
---
---```lua
---incoming.header("Accept-Language")
---```
---@param name string
---@return string? # nil where the request had none
function incoming.header(name) end

---Tells the host that the request was sent to, in lower case, the port included where one was sent.
---
---```lua
---incoming.host()
---```
---@return string? # nil where the event came with no request
function incoming.host() end

---Tells the method of the request.
---
---```lua
---incoming.method()
---```
---@return string? # nil where the event came with no request
function incoming.method() end

---Tells the path of the request, decoded, without the query.
---
---```lua
---incoming.path()
---```
---@return string? # nil where the event came with no request
function incoming.path() end

---Reads a parameter of the request's query, decoded; of equal names the first. Without a name it is the whole query, as it was sent. The manifest grants it under permissions.hit.fields.
---
---```lua
---incoming.query("gclid")
---```
---@param name? string
---@return string? # nil where the query has none of that name, or there is no query
function incoming.query(name) end

---The products of an event, in common names and in each vendor's. A list that is nil is an empty one.
items = {}

---Reads a vendor's list of products as items. Values stay as they are, and keys that are not the vendor's too.
---
---```lua
---items.from("tiktok", { { content_id = "a", size = "M" } }) --> { { item_id = "a", size = "M" } }
---```
---@param vendor string meta, tiktok, pinterest, snapchat, reddit, microsoft or x
---@param contents? table the vendor's list; nil is an empty one
---@return table # a fresh list of items; what is no table in the given list is left out
function items.from(vendor, contents) end

---Lists the items' ids as text: the `item_id`, else the `item_name`.
---
---```lua
---items.ids({ { item_id = "a" }, { item_name = "Cup" } }) --> { "a", "Cup" }
---```
---@param items? table the event's items, a list; nil is an empty one
---@return table # a fresh list of texts, in the order of the items
function items.ids(items) end

---Adds up the quantities; an item that names none counts as one.
---
---```lua
---items.quantity({ { quantity = 2 }, {} }) --> 3
---```
---@param items? table the event's items, a list; nil is an empty one
---@return number
function items.quantity(items) end

---Writes items as the vendor's list of products. Its id is the `item_id`, else the `item_name`; an item with neither is left out, as is a value that is not what its key says. Prices and quantities are numbers (for Pinterest texts and whole numbers), the rest is text.
---
---```lua
---items.to("meta", { { item_id = "a", price = "2.50" } }) --> { { id = "a", item_price = 2.5 } }
---```
---@param vendor string meta, tiktok, pinterest, snapchat, reddit, microsoft or x
---@param items? table the event's items, a list; nil is an empty one
---@return table # a fresh list; empty where no item is left
function items.to(vendor, items) end

---Adds up price times quantity of all items that have a price, rounded to six decimal places.
---
---```lua
---items.value({ { price = 19.99, quantity = 3 }, {} }) --> 59.97
---```
---@param items? table the event's items, a list; nil is an empty one
---@return number? # nil where no item has a price
function items.value(items) end

---Texts to values and back.
json = {}

---Reads a JSON text. Members and elements that are null are left out.
---
---```lua
---json.decode('{"value": 5}').value --> 5
---```
---@param text string one JSON value
---@return any? # nil where it is no JSON
function json.decode(text) end

---Writes a value as JSON. Keys are sorted, so equal values give equal texts; whole numbers lose their `.0`; an empty table is `{}`. Raises an error for functions, NaN, lists with holes, keys that are no text.
---
---```lua
---json.encode({ b = 1, a = { 1, 2 } }) --> '{"a":[1,2],"b":1}'
---```
---@param value any nil, a boolean, a number, text, or a table of these
---@return string
function json.encode(value) end

---Lines for the author, shown by the debugger and `firsthand try`. Never part of what is sent.
log = {}

---Notes a line. A call keeps its first 50 lines of 500 bytes each.
---
---```lua
---log.info("no items in", event.event_name)
---```
---@param ... any values; tables are shown as JSON
function log.info(...) end

---Notes a line that marks something odd.
---
---```lua
---log.warn("unknown currency", event.currency)
---```
---@param ... any values; tables are shown as JSON
function log.warn(...) end

---Event names, in common (GA4) words and in each vendor's.
names = {}

---Gives the common name of a vendor's standard event; of older and newer names both are known.
---
---```lua
---names.common("snapchat", "ADD_CART") --> "add_to_cart"
---```
---@param vendor string meta, tiktok, pinterest, snapchat or reddit
---@param name string a standard event of the vendor, in its spelling
---@return string? # nil where it is no standard event
function names.common(vendor, name) end

---Gives the vendor's standard name for an event. Of an older and a newer name it is the older one, which every account takes: CompletePayment and SubmitForm for TikTok. For Reddit it is the form of API version 3.
---
---```lua
---names.of("meta", "add_to_cart") --> "AddToCart"
---```
---@param vendor string meta, tiktok, pinterest, snapchat or reddit
---@param name string a common name, such as add_to_cart
---@return string? # nil where the vendor has no such standard event
function names.of(vendor, name) end

---The normal forms of what identifies a person, in which advertising platforms compare hashes. A function returns nil for what cannot be what it claims to be, and a hash as it is. Bad data raises nothing: data is the visitor's, and an error would cost the whole event. Bad choices are the author's, and do raise.
normalise = {}

---As `email`, without dots and plus part before the "@" of any domain, as Reddit and Microsoft hash it.
---
---```lua
---normalise.bare_email("John.Smith+shop@example.com") --> "johnsmith@example.com"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # nil where it is no address
function normalise.bare_email(value) end

---Reads eight digits, or three groups of digits in the order that their sizes tell, else month, day, year.
---
---```lua
---normalise.birth_date("2/16/1997") --> "19970216"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # YYYYMMDD; nil where that is no date from 1800 to next year
function normalise.birth_date(value) end

---As a name, without digits.
---
---```lua
---normalise.city("San Francisco 3") --> "sanfrancisco"
---```
---@param value? any text or a number; anything else gives nil
---@param accents? boolean false deletes every letter outside a-z
---@return string? # nil where nothing is left
function normalise.city(value, accents) end

---Turns a country's code or English name into its ISO 3166-1 alpha-2 code in lower case.
---
---```lua
---normalise.country("Germany") --> "de"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # nil where no country has that code or name
function normalise.country(value) end

---Keeps the letters of a currency code, as capitals.
---
---```lua
---normalise.currency("eur") --> "EUR"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # nil unless three letters are left
function normalise.currency(value) end

---As `phone`, with a plus sign before it: the form that TikTok, Google, Reddit and X hash.
---
---```lua
---normalise.e164("(650) 555-1212", "US") --> "+16505551212"
---```
---@param value? any text or a number; anything else gives nil
---@param home? string for national numbers: a calling code such as 49, or a country's code or English name
---@return string? # nil with fewer than 7 or more than 15 digits
function normalise.e164(value, home) end

---Trims and lower-cases an e-mail address; dots and plus parts stay.
---
---```lua
---normalise.email(" Ann@Shop.Example ") --> "ann@shop.example"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # nil without one "@", a dot after it, or with white space
function normalise.email(value) end

---Deletes white space; lower-cases as well unless it shall stay raw.
---
---```lua
---normalise.external_id(" Customer 42 ") --> "customer42"
---```
---@param value? any text or a number; anything else gives nil
---@param raw? boolean keep the case
---@return string? # nil where nothing is left
function normalise.external_id(value, raw) end

---Reads m, male, man, f, female, woman.
---
---```lua
---normalise.gender("Female") --> "f"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # "m" or "f", else nil
function normalise.gender(value) end

---As `email`; of addresses at gmail.com and googlemail.com the dots before the "@" go too, as Google hashes them.
---
---```lua
---normalise.google_email("John.Smith@gmail.com") --> "johnsmith@gmail.com"
---```
---@param value? any text or a number; anything else gives nil
---@param cut_plus? boolean of these addresses the plus part goes as well
---@return string? # nil where it is no address
function normalise.google_email(value, cut_plus) end

---Gives one identifier the form in which Meta takes it: hashed, or checked where Meta hashes nothing. What is hashed already stays.
---
---```lua
---normalise.meta_value("em", "nobody") --> nil
---```
---@param key string Meta's key: em, ph, fn, ln, ct, st, zp, country, db, ge, external_id, f5first, f5last, fi, dobd, dobm, doby, client_ip_address, fbc, fbp
---@param value string as it came
---@param forms? string words: drop_accents cut_state cut_zip us raw_id strip_appendix calling_code=49
---@return string? # nil where the value cannot be what the key says
function normalise.meta_value(key, value, forms) end

---Lower-cases a name and deletes white space and punctuation; accents stay.
---
---```lua
---normalise.name("O'Brien") --> "obrien"
---```
---@param value? any text or a number; anything else gives nil
---@return string? # nil where nothing is left
function normalise.name(value) end

---Keeps the digits and drops leading zeros. A number that begins with one zero gets the calling code; where a country is given, so does a number without zero that has the length of its national numbers.
---
---```lua
---normalise.phone("0151 2345678", "DE") --> "491512345678"
---```
---@param value? any text or a number; anything else gives nil
---@param home? string for national numbers: a calling code such as 49, or a country's code or English name
---@return string? # nil with fewer than 7 or more than 15 digits
function normalise.phone(value, home) end

---As a name; the English name of a US state or a Canadian province becomes its code.
---
---```lua
---normalise.region("California") --> "ca"
---```
---@param value? any text or a number; anything else gives nil
---@param cut? boolean keep two characters of any region
---@return string? # nil where nothing is left
function normalise.region(value, cut) end

---Deletes white space and dashes of a postal code; of a US code the first five characters stay.
---
---```lua
---normalise.zip("94105-1234") --> "94105"
---```
---@param value? any text or a number; anything else gives nil
---@param country? string code or English name
---@param cut? boolean end it at the first dash
---@return string? # nil with fewer than 2 characters
function normalise.zip(value, country, cut) end

---Chance that follows from the hit, event, tag and call, so that a replay draws the same.
random = {}

---Draws an integer, each of the range equally likely. `math.random` draws from the same stream.
---
---```lua
---random.integer(1, 6)
---```
---@param min integer
---@param max integer
---@return integer # from min to max, both included
function random.integer(min, max) end

---Draws a UUID of version 4.
---
---```lua
---random.uuid()
---```
---@return string # 36 characters, lower case
function random.uuid() end

---Regular expressions (RE2), whose time is linear in the text. Lua's own patterns are in `string`.
regex = {}

---Finds the first match of a pattern and what its groups caught. Raises an error where a large pattern meets a long text, as all functions here do.
---
---```lua
---regex.find("order 1001-7", "([0-9]+)-([0-9]+)") --> { "1001-7", "1001", "7" }
---```
---@param text string
---@param pattern string RE2 syntax, up to 1,024 characters
---@return table? # a list: the match, then each group, an absent one as empty text; nil where nothing matches
function regex.find(text, pattern) end

---Tells whether a pattern matches a text as a whole.
---
---```lua
---regex.full_match("EUR", "[A-Z]{3}") --> true
---```
---@param text string
---@param pattern string RE2 syntax, up to 1,024 characters
---@return boolean
function regex.full_match(text, pattern) end

---Tells whether a pattern occurs anywhere in a text.
---
---```lua
---regex.match("/checkout/thanks", "/checkout/(thanks|done)") --> true
---```
---@param text string
---@param pattern string RE2 syntax, up to 1,024 characters
---@return boolean
function regex.match(text, pattern) end

---Replaces every match of a pattern.
---
---```lua
---regex.replace("a-b_c", "([-_])", "<\\1>") --> "a<->b<_>c"
---```
---@param text string
---@param pattern string RE2 syntax, up to 1,024 characters
---@param replacement string `\1` to `\9` stand for groups, `\0` for the match, `\\` for a backslash (in a Lua text each backslash is written twice)
---@return string
function regex.replace(text, pattern, replacement) end

---What Lua's own strings lack. Text is UTF-8; bytes that are none can be kept as hex.
text = {}

---Encodes text as Base64 (RFC 4648).
---
---```lua
---text.base64("hi") --> "aGk="
---```
---@param text string
---@return string
function text.base64(text) end

---Writes the bytes that Base64 stands for as lower-case hex, the URL-safe form and a missing padding included. For hashes, whose bytes are no text.
---
---```lua
---text.base64_to_hex("_wA") --> "ff00"
---```
---@param text string
---@return string? # nil where it is no Base64
function text.base64_to_hex(text) end

---Encodes text as URL-safe Base64 (RFC 4648, section 5) without padding.
---
---```lua
---text.base64url("a?>") --> "YT8-"
---```
---@param text string
---@return string
function text.base64url(text) end

---Keeps the first characters of a text; none is split.
---
---```lua
---text.cut("äöü", 2) --> "äö"
---```
---@param text string
---@param most integer characters to keep, 0 or more
---@return string
function text.cut(text, most) end

---Tells whether a text ends with another.
---
---```lua
---text.ends_with("a.js", ".js") --> true
---```
---@param text string
---@param ending string
---@return boolean
function text.ends_with(text, ending) end

---Writes bytes as lower-case hex.
---
---```lua
---text.hex("hi") --> "6869"
---```
---@param text string
---@return string
function text.hex(text) end

---Writes bytes that are given as hex as Base64, such as a digest.
---
---```lua
---text.hex_to_base64("ff00") --> "/wA="
---```
---@param text string
---@return string? # nil where it is no hex
function text.hex_to_base64(text) end

---Tells whether a text is valid UTF-8, as all that leaves a script must be.
---
---```lua
---text.is_utf8("\xff") --> false
---```
---@param text string
---@return boolean
function text.is_utf8(text) end

---Counts characters (code points); `#` counts bytes.
---
---```lua
---text.length("äb") --> 2
---```
---@param text string
---@return integer? # nil where it is not UTF-8
function text.length(text) end

---Turns all letters, not only those of ASCII, to lower case.
---
---```lua
---text.lower("ÄB") --> "äb"
---```
---@param text string
---@return string
function text.lower(text) end

---Composes letters and their accents (Unicode normal form C). Raises an error for more than 30 combining marks in a row.
---
---```lua
---text.nfc("e\u{301}") --> "é"
---```
---@param text string
---@return string
function text.nfc(text) end

---Cuts a text at a separator, which is no pattern. Empty parts are kept.
---
---```lua
---text.split("a,,b", ",") --> { "a", "", "b" }
---```
---@param text string
---@param separator string not empty
---@return table # a list of texts
function text.split(text, separator) end

---Tells whether a text begins with another.
---
---```lua
---text.starts_with("fb.1.2", "fb.1.") --> true
---```
---@param text string
---@param start string
---@return boolean
function text.starts_with(text, start) end

---Takes white space off both ends.
---
---```lua
---text.trim("  a b ") --> "a b"
---```
---@param text string
---@return string
function text.trim(text) end

---Decodes Base64, the URL-safe form and a missing padding included.
---
---```lua
---text.unbase64("aGk") --> "hi"
---```
---@param text string
---@return string? # nil where it is no Base64 or does not decode to UTF-8
function text.unbase64(text) end

---Reads hex; what comes out may be any bytes.
---
---```lua
---text.unhex("6869") --> "hi"
---```
---@param text string
---@return string? # nil where it is no hex
function text.unhex(text) end

---Turns all letters, not only those of ASCII, to upper case.
---
---```lua
---text.upper("äb") --> "ÄB"
---```
---@param text string
---@return string
function text.upper(text) end

---Now is the arrival of the hit, at every run. All times are UTC.
time = {}

---Writes the day of a time.
---
---```lua
---time.day(1767225600) --> "2026-01-01"
---```
---@param seconds number Unix seconds, of the years 1 to 9999
---@return string # YYYY-MM-DD
function time.day(seconds) end

---Writes a time as ISO 8601, to the second.
---
---```lua
---time.iso(1767225600) --> "2026-01-01T00:00:00Z"
---```
---@param seconds number Unix seconds, of the years 1 to 9999
---@return string
function time.iso(seconds) end

---Writes a time as ISO 8601, to the millisecond.
---
---```lua
---time.iso_ms(1790000000.5) --> "2026-09-21T14:13:20.500Z"
---```
---@param seconds number Unix seconds, of the years 1 to 9999
---@return string
function time.iso_ms(seconds) end

---Tells when the hit arrived.
---
---```lua
---time.now() --> 1767225600
---```
---@return integer # Unix seconds
function time.now() end

---Tells when the hit arrived.
---
---```lua
---time.now_ms() --> 1767225600123
---```
---@return integer # Unix milliseconds
function time.now_ms() end

---Reads an ISO 8601 date or time; without an offset it is UTC.
---
---```lua
---time.parse("2026-01-01T01:00:00+01:00") --> 1767225600
---```
---@param text string
---@return number? # Unix seconds, an integer where they are whole; nil where it is no such time
function time.parse(text) end

---Addresses and query strings.
url = {}

---Writes a query string, names in order.
---
---```lua
---url.build_query({ b = "x y", a = 1 }) --> "a=1&b=x%20y"
---```
---@param values table texts, numbers and booleans by name
---@return string # without a question mark
function url.build_query(values) end

---Decodes percent-encoded text; `+` stays, and bytes that are not UTF-8 become U+FFFD.
---
---```lua
---url.decode("a%20b") --> "a b"
---```
---@param text string
---@return string
function url.decode(text) end

---Percent-encodes all but letters, digits and `-._~`.
---
---```lua
---url.encode("a b&c") --> "a%20b%26c"
---```
---@param text string
---@return string
function url.encode(text) end

---Takes an absolute URL apart. Parts that are empty are left out; the host is in lower case, the others are as they were written.
---
---```lua
---url.parse("https://shop.example/p?id=1").query --> "id=1"
---```
---@param text string an absolute URL
---@return table? # scheme, host, port, path, query, fragment; nil where it is no absolute URL
function url.parse(text) end

---Reads a query string. Of equal names the last holds; `+` is a space.
---
---```lua
---url.query("a=1&b=x+y").b --> "x y"
---```
---@param text string with or without the question mark
---@return table # text by name
function url.query(text) end
