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
    var request = new AccessApi(client).getToken("password").clientId("crema").username(username).password("test");
    client.setAccessToken(request.execute().getAccessToken());
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

    var menu = new CatalogApi(customer.getApiClient()).getCatalog().execute().getData();
    var latte = menu.stream().filter(item -> item.getName().equals("Latte")).findFirst().orElseThrow();
    var variation = latte.getVariations().get(1);
    var options = latte.getOptionGroups().stream().flatMap(group -> group.getOptions().stream());
    var oat = options.filter(option -> option.getName().equals("Oat")).findFirst().orElseThrow();
    var line = new OrderLineRequest().productId(latte.getId()).variationId(variation.getId()).quantity(2).note("Extra hot");
    var body = new OrderRequest().addLinesItem(line.addOptionsItem(new OrderOptionRequest().optionId(oat.getId())));

    // Repeated requests with the same key place one order.
    var key = UUID.randomUUID().toString();
    var first = customer.placeOrder(body).idempotencyKey(key).executeWithHttpInfo();
    var again = customer.placeOrder(body).idempotencyKey(key).executeWithHttpInfo();
    Order placed = first.getData();
    UUID id = placed.getId();
    expect("the id of the replay", again.getData().getId(), id);
    expect("replayed", again.getHeaders().get("idempotency-replayed"), List.of("true"));
    var ordered = placed.getLines().get(0);
    expect("the option", ordered.getOptions().get(0).getName(), "Oat");
    expect("the note of the line", ordered.getNote(), "Extra hot");
    System.out.println("placed " + placed.getNumber() + " " + ordered.getProduct());

    // If-Match rejects an edit of a version that this program has not seen.
    var kept = new KeptOrderLine().id(ordered.getId()).quantity(1);
    var added = new OrderLineRequest().productId(latte.getId()).quantity(1);
    var edit = new OrderEdit().lines(List.of(new EditedOrderLine(kept), new EditedOrderLine(added))).note("No sugar");
    var seen = first.getHeaders().get("etag").get(0);
    Order edited = customer.editOrder(id, edit).ifMatch(seen).execute();
    expect("the version after the edit", edited.getVersion(), 2);
    expect("the lines after the edit", edited.getLines().size(), 2);
    var stale = refused(() -> customer.editOrder(id, edit).ifMatch(seen).execute());
    expect("the stale edit", stale.getCode(), ProblemCode.VERSION_MISMATCH);
    expect("the version now", stale.getVersion(), 2);

    manager.changeOrderStatus(id, new StatusChange().status(TargetStatus.PREPARATION)).execute();
    var late = refused(() -> customer.editOrder(id, new OrderEdit().note("Hot")).execute());
    expect("the late edit", late.getCode(), ProblemCode.ILLEGAL_TRANSITION);
    expect("where the order is", late.getCurrentStatus(), OrderStatus.PREPARATION);
    var wrong = refused(() -> customer.placeOrder(new OrderRequest().lines(List.of())).execute());
    expect("the fault", wrong.getErrors().get(0).getPointer(), "#/lines");

    var listed = customer.listOrders().status(List.of(OrderStatus.PREPARATION)).limit(100).execute();
    expect("the newest order in preparation", listed.getData().get(0).getId(), id);
    var reason = new Cancellation().reasonCode(CancellationReason.OUT_OF_STOCK);
    Order cancelled = manager.cancelOrder(id).cancellation(reason).execute();
    expect("the reason", cancelled.getCancellation().getReasonCode(), CancellationReason.OUT_OF_STOCK);

    for (TimelineEntry entry : manager.getOrderTimeline(id).execute().getData()) {
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
