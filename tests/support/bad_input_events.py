"""Mutations of what stands in JSON bodies: of events, and of the lists that hold them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.support.bad_input import COMMON, INTAKE, JSON, META, Draft, Shapes
from tests.support.bad_input_mutation import Book, Words

LISTS: Shapes = (*INTAKE, "event list")

NUMBERS = st.integers(1, 10**6)
TRUE = st.just(True)
MAPS = st.dictionaries(Words, NUMBERS, min_size=1, max_size=2)
NUMBER_LISTS = st.lists(NUMBERS, min_size=1, max_size=3)

book = Book()


@book.of_draft(JSON, st.none() | st.just("") | NUMBERS | TRUE | MAPS | NUMBER_LISTS)
def bad_event_name(draft: Draft, name: Any) -> None:
    draft.event["event_name"] = name


@book.of_draft(JSON)
def no_event_name(draft: Draft) -> None:
    del draft.event["event_name"]


@book.of_draft(JSON, TRUE | MAPS | NUMBER_LISTS)
def bad_event_id(draft: Draft, event_id: Any) -> None:
    draft.event["event_id"] = event_id


@book.of_draft(INTAKE + COMMON, Words | TRUE | MAPS | NUMBER_LISTS | st.integers(-9, 0))
def bad_event_time(draft: Draft, time: Any) -> None:
    draft.event["event_time"] = time


@book.of_draft(JSON, Words | NUMBERS | TRUE | NUMBER_LISTS)
def user_data_that_is_no_object(draft: Draft, data: Any) -> None:
    draft.event["fb.advanced_matching" if draft.shape == "bridge" else "user_data"] = data


@book.of_draft(META, st.sampled_from(["em", "ph", "fn"]), TRUE | MAPS | st.lists(MAPS, min_size=1, max_size=2))
def user_data_of_the_wrong_type(draft: Draft, key: str, value: Any) -> None:
    draft.event["fb.advanced_matching" if draft.shape == "bridge" else "user_data"][key] = value


@book.of_draft(META, Words | NUMBERS | TRUE | NUMBER_LISTS)
def custom_data_that_is_no_object(draft: Draft, data: Any) -> None:
    draft.event["custom_data"] = data


@book.of_draft(JSON, Words | TRUE | MAPS | NUMBER_LISTS)
def bad_value(draft: Draft, value: Any) -> None:
    draft.event.get("custom_data", draft.event)["value"] = value


@book.of_draft(JSON, NUMBERS | TRUE | MAPS | NUMBER_LISTS)
def bad_currency(draft: Draft, currency: Any) -> None:
    draft.event.get("custom_data", draft.event)["currency"] = currency


@book.of_draft(COMMON, Words | NUMBERS | TRUE | MAPS | NUMBER_LISTS)
def items_that_are_no_list(draft: Draft, items: Any) -> None:
    draft.event["items"] = items


@book.of_draft(COMMON, NUMBERS | TRUE | MAPS | NUMBER_LISTS)
def url_of_the_wrong_type(draft: Draft, url: Any) -> None:
    draft.event["page_location"] = url


@book.of_draft(META, Words | NUMBERS | TRUE | MAPS | NUMBER_LISTS)
def bad_page_url(draft: Draft, url: Any) -> None:
    holder = draft.event.get("website_context", draft.event)
    holder["location" if draft.shape == "bridge" else "event_source_url"] = url


@book.of_draft(["bridge"], Words | NUMBERS | TRUE | NUMBER_LISTS)
def bad_website_context(draft: Draft, context: Any) -> None:
    draft.event["website_context"] = context


@book.of_draft(["bridge"], st.none() | st.just("") | TRUE | MAPS | NUMBER_LISTS)
def bad_pixel_id(draft: Draft, pixel: Any) -> None:
    draft.event["fb.pixel_id"] = pixel


@book.of_draft(["bridge"], Words | NUMBERS | MAPS)
def bad_browser_id_in_json(draft: Draft, fbp: Any) -> None:
    draft.event["fb.fbp"] = fbp


@book.of_draft(
    COMMON, Words | NUMBERS | NUMBER_LISTS | st.dictionaries(st.just("ad_storage"), Words | NUMBERS, min_size=1)
)
def bad_consent(draft: Draft, consent: Any) -> None:
    draft.event["consent"] = consent


@book.of_draft(COMMON, st.integers(101, 200))
def event_name_too_long(draft: Draft, size: int) -> None:
    draft.event["event_name"] = "a" * size


@book.of_draft(INTAKE, Words | NUMBERS | TRUE | MAPS)
def data_that_is_no_list(draft: Draft, data: Any) -> None:
    draft.events = data


@book.of_draft(["intake json"])
def no_data(draft: Draft) -> None:
    draft.events = None


@book.of_draft(LISTS, st.integers(1001, 1050))
def too_many_events(draft: Draft, count: int) -> None:
    draft.events = [{"event_name": "Lead"}] * count


@book.of_draft(LISTS, st.none() | Words | NUMBERS | TRUE | NUMBER_LISTS, st.booleans())
def element_that_is_no_object(draft: Draft, element: Any, before: bool) -> None:
    draft.events.insert(0 if before else 1, element)


@book.of_draft(["bridge"], st.none() | Words | NUMBERS | TRUE | NUMBER_LISTS)
def bridge_element_that_is_no_object(draft: Draft, element: Any) -> None:
    draft.events = [draft.event, element]


@book.of_draft(INTAKE, st.integers(1, 60))
def element_of_cut_json(draft: Draft, size: int) -> None:
    draft.events.append('{"event_name": "Purchase", "event_time": 1790000000, "user_data": {}}'[:size])
