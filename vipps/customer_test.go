package vipps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// Why somebody cannot be asked decides what the driver is told, so the reasons can be
// told apart: by class whether it is about the person, by code what to do instead.
func TestWhyACustomerCannotBeAsked(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	closed := newSim(t, vippstest.Options{NoPush: true})
	const stranger = "4790000009"
	sim.Stranger(stranger)
	for name, c := range map[string]struct {
		sim   *vippstest.Sim
		whom  vipps.Customer
		class vipps.Class
		code  string
	}{
		"stranger":          {sim, vipps.ByPhoneNumber(stranger), vipps.ClassCustomer, vipps.CodeCustomerNotFound},
		"code of nobody":    {sim, vipps.ByPersonalQR("half a code"), vipps.ClassCustomer, vipps.CodePersonalQR},
		"token of long ago": {sim, vipps.ByToken("old"), vipps.ClassCustomer, vipps.CodeCustomerToken},
		"push not approved": {closed, vipps.ByPhoneNumber(phone), vipps.ClassNotPermitted, vipps.CodePushNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plain()
			p.Flow = vipps.Push{Customer: c.whom}
			res := newClient(t, c.sim).Create(t.Context(), "key-"+c.code, encode(t, p))
			require.Equal(t, vipps.Rejected, res.Kind)
			require.Equal(t, c.class, res.Err.Class)
			require.Equal(t, c.code, res.Err.Code)
			require.NotEmpty(t, res.Err.Hint)
		})
	}
	t.Run("no number at all", func(t *testing.T) {
		t.Parallel()
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(400, nil, problemBody(400, vipps.CodePhoneNumber))
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		require.Equal(t, vipps.ClassCustomer, client.Create(t.Context(), "key", encode(t, plain())).Err.Class)
	})
}
