package fleet

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

// TestTheOfficeGivesMoneyBackThroughTheCar: the order goes to the car, whose journal
// tells the office that it is done; what is more than was paid is refused.
func TestTheOfficeGivesMoneyBackThroughTheCar(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 2*time.Minute)
	desk, car := started(t, nil)
	require.NoError(t, car.Ride(ctx, fare))
	require.NoError(t, car.Approve(ctx))
	require.NoError(t, finish(ctx, car))
	require.NoError(t, car.Settle(ctx))

	p := desk.API.Payments()[0]
	trip := regexp.MustCompile(`-\d+$`).ReplaceAllString(p.Reference, "") // without the attempt
	refund := "/v1/trips/" + trip + "/refund"
	var given struct {
		Done     bool        `json:"done"`
		Refunded money.Minor `json:"refunded"`
	}
	require.NoError(t, desk.Gateway.Ask(ctx, http.MethodPost, refund, map[string]any{"amount": 5000, "reason": "detour"}, &given))
	require.True(t, given.Done)
	require.Equal(t, money.Minor(5000), given.Refunded)
	require.Equal(t, money.Minor(5000), desk.API.Payments()[0].Refunded)
	require.ErrorContains(t, desk.Gateway.Ask(ctx, http.MethodPost, refund, map[string]any{"amount": fare}, nil), "too_much")
	require.NoError(t, desk.API.Check())
}
