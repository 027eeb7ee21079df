// The life of an order, through the generated client. SHOP is the base URL of the API; EVENT is a file with the body of a webhook.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"example.com/shop-client/crema"
	"github.com/google/uuid"
)

var (
	shop = os.Getenv("SHOP")
	ctx  = context.Background()
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func expect(what string, got, want any) {
	if got != want {
		panic(fmt.Sprintf("%s: %v, not %v", what, got, want))
	}
}

func ptr[T any](value T) *T { return &value }

// signIn returns a client whose requests carry a token.
func signIn(username string) *crema.ClientWithResponses {
	form := crema.TokenRequest{GrantType: crema.Password, ClientId: ptr("crema"), Username: &username, Password: ptr("test")}
	token := must(must(crema.NewClientWithResponses(shop)).GetTokenWithFormdataBodyWithResponse(ctx, form)).JSON200
	return must(crema.NewClientWithResponses(shop, crema.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+token.AccessToken)
			return nil
		})))
}

func main() {
	customer, manager := signIn("customer@example.com"), signIn("manager@example.com")

	var latte crema.MenuItem
	for _, item := range must(customer.GetCatalogWithResponse(ctx, nil)).JSON200.Data {
		if item.Name == "Latte" {
			latte = item
		}
	}
	line := crema.OrderLineRequest{ProductId: latte.Id, VariationId: &latte.Variations[1].Id, Quantity: 2, Note: ptr("Extra hot")}
	for _, group := range latte.OptionGroups {
		for _, option := range group.Options {
			if option.Name == "Oat" {
				line.Options = &[]crema.OrderOptionRequest{{OptionId: option.Id}}
			}
		}
	}
	body := crema.OrderRequest{Lines: []crema.OrderLineRequest{line}}

	// Repeated requests with the same key place one order.
	key := crema.PlaceOrderParams{IdempotencyKey: ptr(uuid.NewString())}
	first := must(customer.PlaceOrderWithResponse(ctx, &key, body))
	again := must(customer.PlaceOrderWithResponse(ctx, &key, body))
	placed := *first.JSON201
	expect("the id of the replay", again.JSON201.Id, placed.Id)
	expect("replayed", again.HTTPResponse.Header.Get("Idempotency-Replayed"), "true")
	expect("the option", placed.Lines[0].Options[0].Name, "Oat")
	expect("the note of the line", *placed.Lines[0].Note, "Extra hot")
	fmt.Println("placed", placed.Number, placed.Lines[0].Product, placed.Total)

	// If-Match rejects an edit of a version that this program has not seen.
	var kept, added crema.EditedOrderLine
	must(0, kept.FromKeptOrderLine(crema.KeptOrderLine{Id: placed.Lines[0].Id, Quantity: 1}))
	must(0, added.FromOrderLineRequest(crema.OrderLineRequest{ProductId: latte.Id, Quantity: 1}))
	edit := crema.OrderEdit{Lines: &[]crema.EditedOrderLine{kept, added}, Note: ptr("No sugar")}
	seen := crema.EditOrderParams{IfMatch: ptr(first.HTTPResponse.Header.Get("ETag"))}
	edited := must(customer.EditOrderWithResponse(ctx, placed.Id, &seen, edit)).JSON200
	expect("the version after the edit", edited.Version, 2)
	expect("the lines after the edit", len(edited.Lines), 2)
	stale := must(customer.EditOrderWithResponse(ctx, placed.Id, &seen, edit)).ApplicationproblemJSON412
	expect("the stale edit", stale.Code, crema.ProblemCodeVersionMismatch)

	preparation := crema.StatusChange{Status: crema.TargetStatusPreparation}
	must(manager.ChangeOrderStatusWithResponse(ctx, placed.Id, nil, preparation))
	late := must(customer.EditOrderWithResponse(ctx, placed.Id, nil, crema.OrderEdit{Note: ptr("")})).ApplicationproblemJSON409
	expect("the late edit", late.Code, crema.ProblemCodeIllegalTransition)
	expect("where the order is", *late.CurrentStatus, crema.OrderStatusPreparation)
	wrong := must(customer.PlaceOrderWithResponse(ctx, nil, crema.OrderRequest{Lines: []crema.OrderLineRequest{}})).ApplicationproblemJSON400
	expect("the fault", *(*wrong.Errors)[0].Pointer, "#/lines")

	query := crema.ListOrdersParams{Status: &[]crema.OrderStatus{crema.OrderStatusPreparation}}
	list := must(customer.ListOrdersWithResponse(ctx, &query)).JSON200
	expect("the newest order in preparation", list.Data[0].Id, placed.Id)
	reason := crema.Cancellation{ReasonCode: ptr(crema.OutOfStock)}
	cancelled := must(manager.CancelOrderWithResponse(ctx, placed.Id, nil, reason)).JSON200
	expect("the reason", *cancelled.Cancellation.ReasonCode, crema.OutOfStock)

	for _, entry := range must(manager.GetOrderTimelineWithResponse(ctx, placed.Id)).JSON200.Data {
		fmt.Println(entry.At, entry.Kind, entry.Type)
	}

	// The event that a webhook receives. Its `type` distinguishes the kinds of events.
	var received crema.CloudEvent
	must(0, received.UnmarshalJSON(must(os.ReadFile(os.Getenv("EVENT")))))
	event := must(received.ValueByDiscriminator()).(crema.OrderEvent)
	expect("the type of the event", event.Type, crema.EventTypeOrderPlaced)
	expect("the status of the event", event.Data.To, crema.OrderStatusWaiting)
	expect("the product of the event", event.Data.Order.Lines[0].Product, "Latte")
}
