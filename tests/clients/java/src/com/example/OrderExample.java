package com.example;

import com.example.crema.ApiClient;
import com.example.crema.ApiException;
import com.example.crema.api.AccessApi;
import com.example.crema.api.CatalogApi;
import com.example.crema.api.OrdersApi;
import com.example.crema.model.*;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** The life of an order, through the generated client. SHOP is the base URL of the API; EVENT is a file with the body of a webhook. */
public class OrderExample {
  static final String SHOP = System.getenv("SHOP");

  interface Call {
    Object make() throws ApiException;
  }

  static OrdersApi signIn(String username) throws ApiException {
    var client = new ApiClient().setBasePath(SHOP);
    var token = new AccessApi(client)
        .getToken("password", "crema", null, null, null, null, username, "test", null, null);
    client.setAccessToken(token.getAccessToken());
    return new OrdersApi(client);
  }

  static void expect(String what, Object found, Object expected) {
    if (!Objects.equals(found, expected)) throw new AssertionError(what + ": " + found + ", not " + expected);
  }

  /** Returns the problem with which a call is refused. */
  static Problem refused(Call call) throws Exception {
    try {
      throw new AssertionError("not refused: " + call.make());
    } catch (ApiException error) {
      return Problem.fromJson(error.getResponseBody());
    }
  }

  public static void main(String[] arguments) throws Exception {
    OrdersApi customer = signIn("customer@example.com");
    OrdersApi manager = signIn("manager@example.com");

    var menu = new CatalogApi(customer.getApiClient()).getCatalog(null).getData();
    var latte = menu.stream().filter(item -> item.getName().equals("Latte")).findFirst().orElseThrow();
    var line = new OrderLineRequest().productId(latte.getId()).variationId(latte.getVariations().get(1).getId());
    var body = new OrderRequest().addLinesItem(line.quantity(2));

    // Repeated requests with the same key place one order.
    var key = UUID.randomUUID().toString();
    var first = customer.placeOrderWithHttpInfo(body, key);
    var again = customer.placeOrderWithHttpInfo(body, key);
    Order placed = first.getData();
    UUID id = placed.getId();
    expect("the id of the replay", again.getData().getId(), id);
    expect("replayed", again.getHeaders().get("idempotency-replayed"), List.of("true"));
    System.out.println("placed " + placed.getNumber() + " " + placed.getLines().get(0).getProduct());

    // If-Match rejects an edit of a version that this program has not seen.
    var kept = new KeptOrderLine().id(placed.getLines().get(0).getId()).quantity(1);
    var added = new OrderLineRequest().productId(latte.getId()).quantity(1);
    var edit = new OrderEdit().lines(List.of(new EditedOrderLine(kept), new EditedOrderLine(added))).note("No sugar");
    var seen = first.getHeaders().get("etag").get(0);
    Order edited = customer.editOrder(id, edit, null, seen, null);
    expect("the version after the edit", edited.getVersion(), 2);
    expect("the lines after the edit", edited.getLines().size(), 2);
    var stale = refused(() -> customer.editOrder(id, edit, null, seen, null));
    expect("the stale edit", stale.getCode(), ProblemCode.VERSION_MISMATCH);
    expect("the version now", stale.getVersion(), 2);

    manager.changeOrderStatus(id, new StatusChange().status(TargetStatus.PREPARATION), null, null, null);
    var late = refused(() -> customer.editOrder(id, new OrderEdit().note("Hot"), null, null, null));
    expect("the late edit", late.getCode(), ProblemCode.ILLEGAL_TRANSITION);
    expect("where the order is", late.getCurrentStatus(), OrderStatus.PREPARATION);
    var wrong = refused(() -> customer.placeOrder(new OrderRequest().lines(List.of()), null));
    expect("the fault", wrong.getErrors().get(0).getPointer(), "#/lines");

    var listed = customer.listOrders(List.of(OrderStatus.PREPARATION), null, null, null, null, null, 100, null);
    expect("the newest order in preparation", listed.getData().get(0).getId(), id);
    var reason = new Cancellation().reasonCode(CancellationReason.OUT_OF_STOCK);
    Order cancelled = manager.cancelOrder(id, null, null, null, reason);
    expect("the reason", cancelled.getCancellation().getReasonCode(), CancellationReason.OUT_OF_STOCK);

    for (TimelineEntry entry : manager.getOrderTimeline(id).getData()) {
      System.out.println(entry.getAt() + " " + entry.getKind() + " " + entry.getType());
    }

    // The event that a webhook receives. Its `type` distinguishes the kinds of events.
    var received = CloudEvent.fromJson(Files.readString(Path.of(System.getenv("EVENT"))));
    OrderEvent event = received.getOrderEvent();
    expect("the type of the event", event.getType(), EventType.ORDER_PLACED);
    expect("the status of the event", event.getData().getTo(), OrderStatus.WAITING);
    expect("the product of the event", event.getData().getOrder().getLines().get(0).getProduct(), "Latte");
  }
}
