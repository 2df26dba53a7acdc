package trip

import (
	"encoding/json"
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEventsSurviveTheJournal(t *testing.T) {
	for _, c := range columns() {
		body, err := json.Marshal(c.event)
		require.NoError(t, err)
		back, err := Decode(c.event.Kind(), body)
		require.NoError(t, err, c.name)
		require.Equal(t, c.event, back, c.name)
	}
}

func TestAJournalThatCannotBeReadIsAnError(t *testing.T) {
	_, err := Decode("paid_by_barter", []byte("{}"))
	require.ErrorContains(t, err, `"paid_by_barter": kind unknown`)
	_, err = Decode("fare_shown", []byte(`{"fare":{"total":250.5}}`))
	require.ErrorContains(t, err, `"fare_shown" decode`)
}

func TestReferencesAndKeysFitTheAPI(t *testing.T) {
	reference := regexp.MustCompile(`^[A-Za-z][a-zA-Z0-9-]{7,49}$`)
	for _, id := range []ID{
		{Vehicle: "T", File: "K7Q2X", Number: 1},
		{Vehicle: "ABCDEFGHIJKLMNOP", File: "K7Q2X", Number: 99_999_999},
	} {
		require.True(t, ValidVehicle(id.Vehicle))
		ref := id.Reference(999)
		require.Regexp(t, reference, ref)
		for _, op := range []Op{OpCreate, OpCapture, OpCancel, OpRefund} {
			require.LessOrEqual(t, len(Key(ref, op, 999)), 50, "Idempotency-Key")
		}
	}
	require.Equal(t, "T122-K7Q2X-0042-1", begun.ID.Reference(1))
	require.Equal(t, "T122-K7Q2X-0042-1-capture-2", Key(begun.ID.Reference(1), OpCapture, 2))
	for _, bad := range []string{"", "122", "T 122", "T-122", "Ø1", "ABCDEFGHIJKLMNOPQ"} {
		require.False(t, ValidVehicle(bad), bad)
	}
}

func TestTheClockIsOnlyForTheRecord(t *testing.T) {
	// The same events at mad times of day lead to the same decisions.
	events := append(situations()[4].events, ends(1, OpCapture, "AUTHORIZED", total, total), Vacated{})
	var a, b State
	for i, e := range events {
		var ca, cb []Command
		a, ca = Step(a, time.Unix(0, 0), e)
		b, cb = Step(b, time.Unix(math.MaxInt32*int64(i%2), 0), e)
		require.Equal(t, ca, cb)
	}
	require.Equal(t, describe(a), describe(b))
	require.True(t, a.Closed())
}
