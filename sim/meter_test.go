package sim

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// at is a meter that has a trip behind it and is in a position; nil if it has no such
// position.
func at(t *testing.T, protocol string, p meter.Position) Meter {
	m, err := NewMeter(MeterOptions{Protocol: protocol, Flagfall: 6500}, money.NOK)
	require.NoError(t, err)
	require.NoError(t, m.Hired())
	require.NoError(t, m.Vacant())
	if p != meter.ForHire {
		require.NoError(t, m.Hired())
	}
	if p == meter.Stopped {
		if err := m.TimeOff(); errors.Is(err, ErrNoKey) {
			return nil
		}
	}
	require.Equal(t, p, m.Reading().Position)
	return m
}

// TestKeysWorkWhereTheySay presses every key of every meter in every position.
func TestKeysWorkWhereTheySay(t *testing.T) {
	t.Parallel()
	for _, p := range Protocols() {
		for _, position := range []meter.Position{meter.ForHire, meter.Hired, meter.Stopped} {
			reached := at(t, p.Name, position)
			if reached == nil {
				continue
			}
			for _, k := range reached.Keys() {
				if k.Name == "signin" {
					continue // only after signing out
				}
				k, ok := FindKey(at(t, p.Name, position), k.Name)
				require.True(t, ok)
				require.Equal(t, k.Works(position), k.Press() == nil, "%s: key %s in position %s", p.Name, k.Name, position)
			}
		}
	}
}

func TestKeysCanBeTypedAndShown(t *testing.T) {
	t.Parallel()
	for _, p := range Protocols() {
		seen := map[string]bool{"pull": true, "plug": true} // of the cable
		for _, k := range at(t, p.Name, meter.ForHire).Keys() {
			require.False(t, seen[k.Name], "%s has %s twice", p.Name, k.Name)
			seen[k.Name] = true
			require.Equal(t, strings.ToLower(k.Name), k.Name)
			require.NotContains(t, k.Name, " ")
			require.NotEmpty(t, k.About)
			require.Equal(t, k.Fault, k.Label == "", "%s: %s", p.Name, k.Name)
		}
		require.True(t, seen["off"] && seen["on"])
	}
}

func TestPowerOffLosesTheTrip(t *testing.T) {
	t.Parallel()
	for _, p := range Protocols() {
		m := at(t, p.Name, meter.Hired)
		m.PowerOff()
		require.False(t, m.Reading().On)
		require.Error(t, m.Hired(), "there is no power")
		m.PowerOn()
		r := m.Reading()
		require.True(t, r.On)
		require.Equal(t, meter.ForHire, r.Position)
		require.Zero(t, r.Total)
	}
}

func TestReadings(t *testing.T) {
	t.Parallel()
	for _, p := range Protocols() {
		m := at(t, p.Name, meter.Hired)
		require.NoError(t, m.SetFare(28650))
		want := Reading{On: true, Position: meter.Hired, Fare: 28650, Total: 28650}
		if err := m.Extras(2500); !errors.Is(err, ErrNoKey) {
			require.NoError(t, err)
			want.Extras, want.Total = 2500, 31150
		}
		require.Equal(t, want, m.Reading(), p.Name)
	}
	for _, protocol := range []string{"jtt905", "gwp5043"} {
		require.ErrorContains(t, at(t, protocol, meter.Hired).SetFare(28655), "steps of 0.10")
	}
}

func TestMetersThatDoNotExist(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]MeterOptions{
		`no meter protocol "halda": want one of [mdt jtt905 gwp5043 capture]`: {Protocol: "halda"},
		"are choices of protocol mdt":                                         {Protocol: "capture", TLC: true},
		"no-99":                                                               {Protocol: "capture", Profile: "no-99"},
	} {
		_, err := NewMeter(o, money.NOK)
		require.ErrorContains(t, err, want)
	}
	_, err := Table(MeterOptions{Protocol: "halda"}, money.NOK, "/dev/x")
	require.Error(t, err)
}

func TestScenariosSayWhatTheyNeed(t *testing.T) {
	t.Parallel()
	offered := map[string]int{}
	for _, p := range Protocols() {
		for _, s := range Scenarios() {
			err := s.Offered(Options{Meter: MeterOptions{Protocol: p.Name}})
			if err == nil {
				offered[p.Name]++
				continue
			}
			require.ErrorIs(t, err, ErrNotOffered)
			require.ErrorContains(t, err, s.Name+" on "+p.Name+" needs a meter ")
		}
	}
	all := len(Scenarios())
	require.Equal(t, map[string]int{"mdt": all, "jtt905": all - 4, "gwp5043": all - 4, "capture": all - 4}, offered)
	s, _ := Find("resumed")
	_, err := s.Run(t.Context(), Options{Meter: MeterOptions{Protocol: "capture"}})
	require.ErrorIs(t, err, ErrNotOffered)
	require.NotErrorIs(t, s.Offered(Options{Meter: MeterOptions{Protocol: "halda"}}), ErrNotOffered)
}
