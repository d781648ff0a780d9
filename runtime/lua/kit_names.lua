-- `names` of the kit: common (GA4) event names and those of the vendors. Documentation: kit/names.py.
-- Sources: the vendors' lists of standard events, checked 2026-09; where a vendor has an older and a newer name for one
-- event, the one that all its accounts take is sent and both are read.

local library = ...

local check <const>, error <const>, next <const>, type <const> = library.check, error, next, type
local sort <const>, concat <const> = table.sort, table.concat

local VENDOR_NAMES <const> = {
  meta = {
    add_payment_info = "AddPaymentInfo", add_to_cart = "AddToCart", add_to_wishlist = "AddToWishlist",
    begin_checkout = "InitiateCheckout", contact = "Contact", customize_product = "CustomizeProduct",
    donate = "Donate", find_location = "FindLocation", generate_lead = "Lead", page_view = "PageView",
    purchase = "Purchase", schedule = "Schedule", search = "Search", sign_up = "CompleteRegistration",
    start_trial = "StartTrial", submit_application = "SubmitApplication", subscribe = "Subscribe",
    view_item = "ViewContent",
  },
  -- Their common names outside of GA4 (contact, schedule, ...) are those that Meta's events have here.
  tiktok = {
    add_payment_info = "AddPaymentInfo", add_to_cart = "AddToCart", add_to_wishlist = "AddToWishlist",
    begin_checkout = "InitiateCheckout", contact = "Contact", customize_product = "CustomizeProduct",
    file_download = "Download", find_location = "FindLocation", generate_lead = "SubmitForm", page_view = "Pageview",
    purchase = "CompletePayment", schedule = "Schedule", search = "Search", sign_up = "CompleteRegistration",
    start_trial = "StartTrial", submit_application = "SubmitApplication", subscribe = "Subscribe",
    view_item = "ViewContent",
  },
  -- The events that every Pinterest account has; the others come back, but are not sent.
  pinterest = {
    add_to_cart = "add_to_cart", generate_lead = "lead", page_view = "page_visit", purchase = "checkout",
    search = "search", sign_up = "signup", video_start = "watch_video", view_item = "page_visit",
    view_item_list = "view_category",
  },
  snapchat = {
    add_payment_info = "ADD_BILLING", add_to_cart = "ADD_CART", add_to_wishlist = "ADD_TO_WISHLIST",
    begin_checkout = "START_CHECKOUT", login = "LOGIN", page_view = "PAGE_VIEW", purchase = "PURCHASE",
    schedule = "RESERVE", search = "SEARCH", share = "SHARE", sign_up = "SIGN_UP", start_trial = "START_TRIAL",
    subscribe = "SUBSCRIBE", tutorial_complete = "COMPLETE_TUTORIAL", unlock_achievement = "ACHIEVEMENT_UNLOCKED",
    spend_virtual_currency = "SPENT_CREDITS", view_item = "VIEW_CONTENT", view_item_list = "LIST_VIEW",
  },
  reddit = {
    add_to_cart = "ADD_TO_CART", add_to_wishlist = "ADD_TO_WISHLIST", generate_lead = "LEAD",
    page_view = "PAGE_VISIT", purchase = "PURCHASE", search = "SEARCH", sign_up = "SIGN_UP",
    view_item = "VIEW_CONTENT",
  },
}

-- Names that are read beside those that are sent, and whichever of two common names a vendor's one stands for.
local ALSO_READ <const> = {
  tiktok = {Lead = "generate_lead", Purchase = "purchase"},
  pinterest = {
    add_payment_info = "add_payment_info", add_to_wishlist = "add_to_wishlist", contact = "contact",
    initiate_checkout = "begin_checkout", page_visit = "page_view", subscribe = "subscribe",
    view_content = "view_item",
  },
  reddit = {
    AddToCart = "add_to_cart", AddToWishlist = "add_to_wishlist", Lead = "generate_lead", PageVisit = "page_view",
    Purchase = "purchase", Search = "search", SignUp = "sign_up", ViewContent = "view_item",
  },
}

local common_names, vendors = {}, {}
for vendor, names in next, VENDOR_NAMES do
  local common = {}
  for name, theirs in next, names do common[theirs] = name end
  for theirs, name in next, ALSO_READ[vendor] or {} do common[theirs] = name end
  common_names[vendor] = common
  vendors[#vendors + 1] = vendor
end
sort(vendors)
local KNOWN <const> = concat(vendors, ", ")

local names = {}


local function refuse_vendor(vendor, name)
  local got = type(vendor) == "string" and #vendor <= 64 and "`" .. vendor .. "`" or type(vendor)
  error("bad argument #1 to '" .. name .. "' (one of " .. KNOWN .. " expected, got " .. got .. ")", 3)
end


function names.of(vendor, name)
  local known = VENDOR_NAMES[vendor] or refuse_vendor(vendor, "names.of")
  return known[check.text(name, 2, "names.of")]
end


function names.common(vendor, name)
  local known = common_names[vendor] or refuse_vendor(vendor, "names.common")
  return known[check.text(name, 2, "names.common")]
end

return names
