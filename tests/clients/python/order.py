"""The life of an order, through the generated client. SHOP is the base URL of the API; EVENT is a file with the body of a webhook."""

import json
import os
import uuid

from crema_client import AuthenticatedClient, Client
from crema_client.api.access import get_token
from crema_client.api.catalog import get_catalog
from crema_client.api.orders import (
    cancel_order,
    change_order_status,
    edit_order,
    get_order_timeline,
    list_orders,
    place_order,
)
from crema_client.models import (
    Cancellation,
    CancellationReason,
    EventType,
    KeptOrderLine,
    OrderEdit,
    OrderEvent,
    OrderLineRequest,
    OrderOptionRequest,
    OrderRequest,
    OrderStatus,
    ProblemCode,
    StatusChange,
    TargetStatus,
    TestEvent,
    TestEventType,
    TokenRequest,
    TokenRequestGrantType,
)

SHOP = os.environ["SHOP"]


def sign_in(username: str) -> AuthenticatedClient:
    form = TokenRequest(grant_type=TokenRequestGrantType.PASSWORD, client_id="crema", username=username, password="test")
    token = get_token.sync(client=Client(SHOP), body=form)
    return AuthenticatedClient(SHOP, token.access_token)


customer, manager = sign_in("customer@example.com"), sign_in("manager@example.com")

latte = next(item for item in get_catalog.sync(client=customer).data if item.name == "Latte")
vanilla = next(variation for variation in latte.variations if variation.name == "Vanilla")
oat = next(option for group in latte.option_groups for option in group.options if option.name == "Oat")
options = [OrderOptionRequest(oat.id)]
line = OrderLineRequest(latte.id, quantity=2, variation_id=vanilla.id, options=options, note="Extra hot")
body = OrderRequest(lines=[line])

# Repeated requests with the same key place one order.
key = str(uuid.uuid4())
first = place_order.sync_detailed(client=customer, body=body, idempotency_key=key)
again = place_order.sync_detailed(client=customer, body=body, idempotency_key=key)
placed = first.parsed
assert again.parsed.id == placed.id and again.headers["Idempotency-Replayed"] == "true"
ordered = placed.lines[0]
assert (ordered.options[0].name, ordered.note) == ("Oat", "Extra hot"), ordered
print("placed", placed.number, placed.lines[0].product, placed.total)

# If-Match rejects an edit of a version that this program has not seen.
edit = OrderEdit(lines=[KeptOrderLine(placed.lines[0].id, 1), OrderLineRequest(latte.id, 1)], note="No sugar")
seen = first.headers["ETag"]
edited = edit_order.sync(placed.id, client=customer, body=edit, if_match=seen)
assert (edited.version, len(edited.lines), edited.note) == (2, 2, "No sugar"), edited
stale = edit_order.sync(placed.id, client=customer, body=OrderEdit(note=None), if_match=seen)
assert (stale.code, stale.version) == (ProblemCode.VERSION_MISMATCH, 2), stale

change_order_status.sync(placed.id, client=manager, body=StatusChange(TargetStatus.PREPARATION))
late = edit_order.sync(placed.id, client=customer, body=OrderEdit(note=None))
assert (late.code, late.current_status) == (ProblemCode.ILLEGAL_TRANSITION, OrderStatus.PREPARATION), late
wrong = place_order.sync(client=customer, body=OrderRequest(lines=[]))
assert (wrong.code, wrong.errors[0].pointer) == (ProblemCode.INVALID_REQUEST, "#/lines"), wrong

listed = list_orders.sync(client=customer, status=[OrderStatus.PREPARATION], limit=100)
assert placed.id in [order.id for order in listed.data]
reason = Cancellation(reason_code=CancellationReason.OUT_OF_STOCK)
cancelled = cancel_order.sync(placed.id, client=manager, body=reason)
assert cancelled.cancellation.reason_code == CancellationReason.OUT_OF_STOCK, cancelled

for entry in get_order_timeline.sync(placed.id, client=manager).data:
    print(entry.at, entry.kind, entry.type_)

# The event that a webhook receives. Its `type` distinguishes the kinds of events.
with open(os.environ["EVENT"], encoding="utf-8") as file:
    body = json.load(file)
event = (TestEvent if body["type"] == TestEventType.WEBHOOK_TEST else OrderEvent).from_dict(body)
received = (event.type_, event.data.to, event.data.order.lines[0].product)
assert received == (EventType.ORDER_PLACED, OrderStatus.WAITING, "Latte"), event
