package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/config/table"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

func TestTheExampleIsCorrectAndShowsTheDefaults(t *testing.T) {
	asWritten, err := parse("example", []byte(Example))
	require.NoError(t, err)
	require.Equal(t, 2*time.Minute, asWritten.Trip.Grace)
	require.Equal(t, map[string]any{"profile": "pulsar"}, asWritten.Meter.Table)
	require.Equal(t, []string{"nb", "en"}, asWritten.Display.Languages)
	require.Equal(t, "Vipps", asWritten.Payment.Brand)

	var all []string
	for line := range strings.Lines(Example) {
		if text, commented := strings.CutPrefix(line, "# "); commented && strings.Contains(text, " = ") && !strings.Contains(text, "http://") {
			line = text
		}
		all = append(all, line)
	}
	spelled, err := parse("example", []byte(strings.Join(all, "")))
	require.NoError(t, err)
	spelled.Meter.Table, asWritten.Meter.Table = nil, nil
	spelled.Meter.Tape = ""
	require.Equal(t, asWritten, spelled, "what is commented out is the default")
}

func TestShowCanBeLoadedAgain(t *testing.T) {
	c, err := parse("example", []byte(Example+"\n[meter.money]\nlist = [1, \"a\"]\n"))
	require.NoError(t, err)
	again, err := parse("shown", []byte(c.Show()))
	require.NoError(t, err)
	require.Equal(t, c, again)
}

func TestEverythingThatIsWrongIsReportedAtOnce(t *testing.T) {
	_, err := parse("car.toml", []byte(`
vehicle = "122-A"
vehicel = "T122"
[payment]
environment = "prod"
msn = 123456
currency = "SEK"
poll = "1ms"
url = "http://127.0.0.1:1"
description = "x"
[trip]
grace = 2
[meter]
port = "ttyUSB0"
[display]
listen = "0.0.0.0:80"
languages = []
[storage]
path = "outbox.db"
[log]
level = "loud"
`), func(Config) error {
		return table.Problem{Key: "meter.line", Text: "from another check", Hint: "h"}
	}, func(Config) error { return errors.New("plain") })
	var e *Error
	require.ErrorAs(t, err, &e)
	text := err.Error()
	for _, want := range []string{
		"car.toml", `vehicle: "122-A" cannot begin`, "vehicel: unknown key", `payment.environment: "prod"`, "payment.msn: 123456 is a whole number",
		`payment.currency: "SEK"`, `payment.poll: "1ms"`, "payment.url: is for the simulator", "payment.description: becomes 1", "trip.grace: 2 is a whole number",
		"meter.driver: missing", `meter.port: "ttyUSB0"`, `display.listen: "0.0.0.0:80"`, "display.languages: is empty", `storage.path: "outbox.db"`,
		`log.level: "loud"`, "meter.line: from another check (h)", "plain",
	} {
		require.Contains(t, text, want)
	}
	for _, p := range e.Problems {
		require.NotEmpty(t, p.Hint, p.Key)
	}
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	_, err := parse("car.toml", []byte("vehicle = \"T122\"\n[payment\n"))
	require.ErrorContains(t, err, "line 2, column")
	_, err = Load(filepath.Join(t.TempDir(), "none.toml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "--config")
}

func TestTheSimulatorNeedsItsAddress(t *testing.T) {
	text := strings.Replace(Example, `environment = "production"`, `environment = "simulator"`, 1)
	_, err := parse("x", []byte(text))
	require.ErrorContains(t, err, "payment.url: missing")
	c, err := parse("x", []byte(strings.Replace(text, "# url", "url", 1)))
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:4000", c.Payment.URL)
}

func TestBrandFollowsTheCurrency(t *testing.T) {
	for currency, brand := range map[money.Currency]string{money.NOK: "Vipps", money.DKK: "MobilePay", money.EUR: "MobilePay"} {
		c, err := parse("x", []byte(strings.Replace(Example, `# currency = "NOK"`, fmt.Sprintf("currency = %q", currency), 1)))
		require.NoError(t, err)
		require.Equal(t, brand, c.Payment.Brand)
	}
}

func TestDescribe(t *testing.T) {
	require.Equal(t, "Taxi T122, 0042", Payment{Description: "Taxi {vehicle}, {trip}"}.Describe("T122", "0042"))
}

func writeCredentials(t *testing.T, mode os.FileMode, text string) (configPath string) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, CredentialsFile), []byte(text), mode))
	return filepath.Join(dir, "taxiterm.toml")
}

const someCredentials = `
client_id = "fb492b5e"
client_secret = "hush-secret"
subscription_key = "hush-key"
driver_pin = "4711"
data_key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
`

func TestCredentialsFromAFileThatOnlyItsOwnerMayRead(t *testing.T) {
	c, err := LoadCredentials(writeCredentials(t, 0o600, someCredentials))
	require.NoError(t, err)
	require.Equal(t, "hush-secret", c.Get(ClientSecret))
	require.Equal(t, "4711", c.Get(DriverPIN))
	require.Empty(t, c.Missing())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		out := fmt.Sprintf(verb, c)
		require.NotContains(t, out, "hush")
		require.NotContains(t, out, "4711")
	}
	require.Equal(t, "client_id set, client_secret set, subscription_key set, driver_pin set, data_key set", c.LogValue().String())

	_, err = LoadCredentials(writeCredentials(t, 0o640, someCredentials))
	require.ErrorContains(t, err, "chmod 600")
}

func TestCredentialsFromSystemd(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, CredentialsFile), []byte(someCredentials), 0o440))
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	c, err := LoadCredentials("/nonexistent/taxiterm.toml")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, CredentialsFile), c.File)
}

func TestCredentialsThatAreMissingOrWrongSayWhichAndNeverQuote(t *testing.T) {
	_, err := LoadCredentials(filepath.Join(t.TempDir(), "taxiterm.toml"))
	require.ErrorIs(t, err, ErrNoCredentials)

	c, err := LoadCredentials(writeCredentials(t, 0o600, `client_id = "a"`))
	require.NoError(t, err)
	require.Equal(t, []string{ClientSecret, SubscriptionKey}, c.Missing())

	for _, text := range []string{
		`client_secret = 12345678901`, `client_secret = hush-secret`, "driver_pin = \"hush\"", "data_key = \"hush\"", `hush_key = "x"` + "\n" + `client_secret = ["hush-secret"]`,
	} {
		_, err = LoadCredentials(writeCredentials(t, 0o600, text))
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hush-secret")
		require.NotContains(t, err.Error(), "12345678901")
	}
}

func TestADataKeyIsMadeAndRead(t *testing.T) {
	made := NewDataKey()
	require.NotEqual(t, made, NewDataKey())
	c := Credentials{v: map[string]string{DataKey: made}}
	require.Len(t, c.DataKey(), 32)
	require.Nil(t, Credentials{}.DataKey())
}

func TestThePassengersSideIsOffUnlessAskedFor(t *testing.T) {
	c, err := parse("example", []byte(Example))
	require.NoError(t, err)
	require.Empty(t, c.Sharing.Scope)
	require.Empty(t, c.Tip.Percent)
	require.False(t, c.Send.Enabled)
	require.False(t, c.Trip.FareByHand)
	require.Empty(t, c.Printer.Port)
	require.Equal(t, trip.ReceiptAtCreate, c.Receipt.Attach)
	require.Equal(t, receipt.Norway, c.Receipt.Rules.Country)

	_, err = parse("car.toml", []byte(Example+`
[tip2]
`))
	require.Error(t, err)
	bad := strings.NewReplacer("[tip]", "[tip]\npercent = [5, 10, 15, 20, 25]", "[sharing]", "[sharing]\nscope = \"name nin\"\nkeep_days = 0",
		"[receipt]", "[receipt]\nvat = \"12.345\"\nattach = \"later\"", "[printer]", "[printer]\nport = \"lp0\"\npage = \"utf8\"",
		"[send]", "[send]\ncountry = \"US\"").Replace(Example)
	_, err = parse("car.toml", []byte(bad))
	for _, want := range []string{"tip.percent: has 5 numbers", `sharing.scope: "nin" is not known`, "sharing.scope: asks for a name without a number",
		"sharing.keep_days", "receipt.vat", "receipt.attach", "printer.port", "printer.page", "send.country"} {
		require.ErrorContains(t, err, want)
	}
}

const fleetExample = `
vehicle = "T122"
[fleet]
enabled = true
[meter]
driver = "mdt"
port = "/dev/ttyUSB0"
`

func TestAFleetsCarIsNotAskedForASalesUnit(t *testing.T) {
	c, err := parse("x", []byte(fleetExample))
	require.NoError(t, err)
	require.Equal(t, Fleet{Enabled: true, State: DefaultFleetState}, c.Fleet)
	require.Equal(t, Payment{Currency: money.NOK, Brand: "Vipps", Description: "Taxi {vehicle}, {trip}", Poll: time.Second}, c.Payment)
	again, err := parse("shown", []byte(c.Show()))
	require.NoError(t, err)
	require.Equal(t, c, again)

	left, err := parse("x", []byte(strings.Replace(Example, "# enabled = false\n# Who this", "enabled = true\n# Who this", 1)))
	require.NoError(t, err, "what was there for direct mode may stay")
	require.True(t, left.Fleet.Enabled)
	require.Equal(t, c.Payment, left.Payment)

	_, err = parse("x", []byte(strings.Replace(fleetExample, "enabled = true", "enabled = 1\nstate = \"fleet.json\"", 1)))
	require.ErrorContains(t, err, "fleet.enabled: 1 is a whole number")
	require.ErrorContains(t, err, `fleet.state: "fleet.json" is no absolute path`)
	require.ErrorContains(t, err, "payment.msn: missing", "not in a fleet")
}

func TestCredentialsOfAFleetsCar(t *testing.T) {
	c, err := LoadCredentials(writeCredentials(t, 0o600, someCredentials))
	require.NoError(t, err)
	c = c.WithoutMerchant()
	require.Equal(t, merchantKeys, c.Missing())
	require.Equal(t, "4711", c.Get(DriverPIN))
	require.NotNil(t, c.DataKey())
}
