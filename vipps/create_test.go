package vipps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// full has every member that a taxi may use.
func full() vipps.CreatePayment {
	p := plain()
	p.Scope = []vipps.Scope{vipps.ScopeName, vipps.ScopeEmail}
	p.Metadata = map[string]string{"vehicle": "T122", "trip": "0042"}
	p.Receipt = &vipps.Receipt{PosID: "T122", Number: "0042", Lines: []vipps.Line{
		{ID: "trip", Name: "Taxitur", Total: 25650, TaxRate: 1200, Unit: &vipps.Unit{Price: 1500, Quantity: "17.1", Kind: vipps.Kilometres}},
		{ID: "tip", Name: "Tips", Total: 3000},
	}}
	return p
}

func TestEncodeGivesThePublishedShape(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Description = "Taxi T122, tur 0042"
	p.Metadata = map[string]string{"vehicle": "T122", "trip": "0042"}
	p.Receipt = &vipps.Receipt{PosID: "T122", Number: "0042", Lines: []vipps.Line{{ID: "trip", Name: "Taxitur", Total: 28650, TaxRate: 1200}}}
	require.JSONEq(t, `{
		"amount": {"currency": "NOK", "value": 28650},
		"paymentMethod": {"type": "WALLET"},
		"customerInteraction": "CUSTOMER_PRESENT",
		"userFlow": "QR",
		"qrFormat": {"format": "TEXT/TARGETURL"},
		"reference": "T122-20261012-0042-1",
		"paymentDescription": "Taxi T122, tur 0042",
		"receipt": {
			"orderLines": [{"name": "Taxitur", "id": "trip", "totalAmount": 28650,
				"totalAmountExcludingTax": 25580, "totalTaxAmount": 3070, "taxRate": 1200}],
			"bottomLine": {"currency": "NOK", "posId": "T122", "receiptNumber": "0042"}
		},
		"metadata": {"vehicle": "T122", "trip": "0042"}
	}`, string(encode(t, p)))
}

func TestEncodeGivesEachFlowItsMembers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flow vipps.Flow
		want string
	}{
		"text code":      {vipps.QR{Format: vipps.QRText}, `"userFlow":"QR","qrFormat":{"format":"TEXT/TARGETURL"}`},
		"drawn code":     {vipps.QR{Format: vipps.QRSVG}, `"userFlow":"QR","qrFormat":{"format":"IMAGE/SVG+XML"}`},
		"picture":        {vipps.QR{Format: vipps.QRPNG, Size: 400}, `"userFlow":"QR","qrFormat":{"format":"IMAGE/PNG","size":400}`},
		"browser":        {vipps.WebRedirect{ReturnURL: "https://taxi.example/r/" + reference}, `"userFlow":"WEB_REDIRECT","returnUrl":"https://taxi.example/r/` + reference + `"`},
		"phone number":   {vipps.Push{Customer: vipps.ByPhoneNumber(phone)}, `"customer":{"phoneNumber":"` + phone + `"},"userFlow":"PUSH_MESSAGE"`},
		"personal code":  {vipps.Push{Customer: vipps.ByPersonalQR("https://qr.vipps.no/28/2")}, `"customer":{"personalQr":"https://qr.vipps.no/28/2"},"userFlow":"PUSH_MESSAGE"`},
		"customer token": {vipps.Push{Customer: vipps.ByToken("abc")}, `"customer":{"customerToken":"abc"},"userFlow":"PUSH_MESSAGE"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plain()
			p.Flow = c.flow
			require.Contains(t, string(encode(t, p)), c.want)
		})
	}
}

func TestEncodeKnowsEveryLimit(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		change func(*vipps.CreatePayment)
		field  string // empty if within the limits
	}{
		"all members":               {func(*vipps.CreatePayment) {}, ""},
		"smallest NOK":              {func(p *vipps.CreatePayment) { p.Amount.Value, p.Receipt = 100, nil }, ""},
		"below smallest NOK":        {func(p *vipps.CreatePayment) { p.Amount.Value, p.Receipt = 99, nil }, "amount.value"},
		"smallest DKK":              {func(p *vipps.CreatePayment) { p.Amount, p.Receipt = money.Of(1, money.DKK), nil }, ""},
		"smallest EUR":              {func(p *vipps.CreatePayment) { p.Amount, p.Receipt = money.Of(1, money.EUR), nil }, ""},
		"zero EUR":                  {func(p *vipps.CreatePayment) { p.Amount, p.Receipt = money.Of(0, money.EUR), nil }, "amount.value"},
		"negative":                  {func(p *vipps.CreatePayment) { p.Amount.Value, p.Receipt = -100, nil }, "amount.value"},
		"largest":                   {func(p *vipps.CreatePayment) { p.Amount.Value, p.Receipt = 65_000_000, nil }, ""},
		"above largest":             {func(p *vipps.CreatePayment) { p.Amount.Value, p.Receipt = 65_000_001, nil }, "amount.value"},
		"currency of no market":     {func(p *vipps.CreatePayment) { p.Amount.Currency = money.SEK }, "amount.currency"},
		"no currency":               {func(p *vipps.CreatePayment) { p.Amount.Currency = "" }, "amount.currency"},
		"reference of 8":            {func(p *vipps.CreatePayment) { p.Reference = "T1234567" }, ""},
		"reference of 7":            {func(p *vipps.CreatePayment) { p.Reference = "T123456" }, "reference"},
		"reference of 50":           {func(p *vipps.CreatePayment) { p.Reference = long(50) }, ""},
		"reference of 51":           {func(p *vipps.CreatePayment) { p.Reference = long(51) }, "reference"},
		"reference with underscore": {func(p *vipps.CreatePayment) { p.Reference = "T122_0042" }, "reference"},
		"reference with newline":    {func(p *vipps.CreatePayment) { p.Reference = "T122-0042\n" }, "reference"},
		"no flow":                   {func(p *vipps.CreatePayment) { p.Flow = nil }, "userFlow"},
		"unknown code format":       {func(p *vipps.CreatePayment) { p.Flow = vipps.QR{Format: "IMAGE/GIF"} }, "qrFormat.format"},
		"size of a text":            {func(p *vipps.CreatePayment) { p.Flow = vipps.QR{Size: 400} }, "qrFormat.size"},
		"size 100":                  {func(p *vipps.CreatePayment) { p.Flow = vipps.QR{Format: vipps.QRPNG, Size: 100} }, ""},
		"size 99":                   {func(p *vipps.CreatePayment) { p.Flow = vipps.QR{Format: vipps.QRPNG, Size: 99} }, "qrFormat.size"},
		"size 2000":                 {func(p *vipps.CreatePayment) { p.Flow = vipps.QR{Format: vipps.QRPNG, Size: 2000} }, ""},
		"size 2001":                 {func(p *vipps.CreatePayment) { p.Flow = vipps.QR{Format: vipps.QRPNG, Size: 2001} }, "qrFormat.size"},
		"return to http":            {func(p *vipps.CreatePayment) { p.Flow = vipps.WebRedirect{ReturnURL: "http://a.example/" + reference} }, "returnUrl"},
		"return to nowhere":         {func(p *vipps.CreatePayment) { p.Flow = vipps.WebRedirect{ReturnURL: "https:///" + reference} }, "returnUrl"},
		"return without reference":  {func(p *vipps.CreatePayment) { p.Flow = vipps.WebRedirect{ReturnURL: "https://a.example/"} }, "returnUrl"},
		"return of 2500": {func(p *vipps.CreatePayment) {
			p.Flow = vipps.WebRedirect{ReturnURL: "https://a.example/" + reference + "/" + long(2461)}
		}, ""},
		"return of 2501": {func(p *vipps.CreatePayment) {
			p.Flow = vipps.WebRedirect{ReturnURL: "https://a.example/" + reference + "/" + long(2462)}
		}, "returnUrl"},
		"nobody to push to":            {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{} }, "customer"},
		"number of 9":                  {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("299123456")} }, ""},
		"number of 8":                  {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("91234567")} }, "customer.phoneNumber"},
		"number of 15":                 {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("471234567890123")} }, ""},
		"number of 16":                 {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("4712345678901234")} }, "customer.phoneNumber"},
		"number with plus":             {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("+4791234567")} }, "customer.phoneNumber"},
		"number with 00":               {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("004791234567")} }, "customer.phoneNumber"},
		"number with space":            {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber("47 91234567")} }, "customer.phoneNumber"},
		"personal code of 5":           {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPersonalQR("12345")} }, ""},
		"personal code of 4":           {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPersonalQR("1234")} }, "customer.personalQr"},
		"personal code of 255":         {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPersonalQR(long(255))} }, ""},
		"personal code of 256":         {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPersonalQR(long(256))} }, "customer.personalQr"},
		"empty token":                  {func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByToken("")} }, "customer.customerToken"},
		"no description":               {func(p *vipps.CreatePayment) { p.Description = "" }, ""},
		"description of 2":             {func(p *vipps.CreatePayment) { p.Description = "ab" }, "paymentDescription"},
		"description of 3 letters":     {func(p *vipps.CreatePayment) { p.Description = "åøæ" }, ""},
		"description of 100 letters":   {func(p *vipps.CreatePayment) { p.Description = strings.Repeat("å", 100) }, ""},
		"description of 101":           {func(p *vipps.CreatePayment) { p.Description = long(101) }, "paymentDescription"},
		"description of 51 surrogates": {func(p *vipps.CreatePayment) { p.Description = strings.Repeat("🚕", 51) }, "paymentDescription"},
		"description not text":         {func(p *vipps.CreatePayment) { p.Description = "taxi\xff" }, "paymentDescription"},
		"unknown scope":                {func(p *vipps.CreatePayment) { p.Scope = []vipps.Scope{"phone"} }, "profile.scope"},
		"national id":                  {func(p *vipps.CreatePayment) { p.Scope = []vipps.Scope{"nin"} }, "profile.scope"},
		"scope twice":                  {func(p *vipps.CreatePayment) { p.Scope = []vipps.Scope{"name", "name"} }, "profile.scope"},
		"five pairs":                   {func(p *vipps.CreatePayment) { p.Metadata = pairs(5, 1, 1) }, ""},
		"six pairs":                    {func(p *vipps.CreatePayment) { p.Metadata = pairs(6, 1, 1) }, "metadata"},
		"metadata key of 100":          {func(p *vipps.CreatePayment) { p.Metadata = pairs(1, 100, 1) }, ""},
		"metadata key of 101":          {func(p *vipps.CreatePayment) { p.Metadata = pairs(1, 101, 1) }, "metadata"},
		"empty metadata key":           {func(p *vipps.CreatePayment) { p.Metadata = map[string]string{"": "v"} }, "metadata"},
		"metadata value of 500":        {func(p *vipps.CreatePayment) { p.Metadata = pairs(1, 1, 500) }, ""},
		"metadata value of 501":        {func(p *vipps.CreatePayment) { p.Metadata = pairs(1, 1, 501) }, "metadata.0"},
		"no lines":                     {func(p *vipps.CreatePayment) { p.Receipt.Lines = nil; p.Amount.Value = 0 }, "receipt.orderLines"},
		"line without id":              {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].ID = "" }, "receipt.orderLines[0].id"},
		"line without name":            {func(p *vipps.CreatePayment) { p.Receipt.Lines[1].Name = "" }, "receipt.orderLines[1].name"},
		"lines short of the amount":    {func(p *vipps.CreatePayment) { p.Receipt.Lines[1].Total-- }, "receipt.orderLines"},
		"negative line":                {func(p *vipps.CreatePayment) { p.Receipt.Lines[1].Total = -1 }, "receipt.orderLines[1].totalAmount"},
		"rate 10000":                   {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].TaxRate = 10000 }, ""},
		"rate 10001":                   {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].TaxRate = 10001 }, "receipt.orderLines[0].taxRate"},
		"rate below zero":              {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].TaxRate = -1 }, "receipt.orderLines[0].taxRate"},
		"discount":                     {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Discount = 500 }, ""},
		"negative discount":            {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Discount = -1 }, "receipt.orderLines[0].discount"},
		"negative unit price":          {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Unit.Price = -1 }, "receipt.orderLines[0].unitInfo.unitPrice"},
		"quantity of 10":               {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Unit.Quantity = "1.12345678" }, ""},
		"quantity of 11":               {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Unit.Quantity = "11.12345678" }, "receipt.orderLines[0].unitInfo.quantity"},
		"quantity with comma":          {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Unit.Quantity = "1,5" }, "receipt.orderLines[0].unitInfo.quantity"},
		"no quantity":                  {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Unit.Quantity = "" }, "receipt.orderLines[0].unitInfo.quantity"},
		"unknown unit":                 {func(p *vipps.CreatePayment) { p.Receipt.Lines[0].Unit.Kind = "MILE" }, "receipt.orderLines[0].unitInfo.quantityUnit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := full()
			c.change(&p)
			body, err := p.Encode()
			if c.field == "" {
				require.NoError(t, err)
				return
			}
			require.Nil(t, body)
			var invalid *vipps.InvalidError
			require.ErrorAs(t, err, &invalid)
			var fields []string
			for _, problem := range invalid.Problems {
				fields = append(fields, problem.Field)
				require.NotEmpty(t, problem.Fix)
			}
			require.Contains(t, fields, c.field)
		})
	}
}

func pairs(n, key, value int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint(i)+strings.Repeat("k", key-1)] = strings.Repeat("v", value)
	}
	return m
}

func TestEncodeReportsAllProblemsAndNoCustomer(t *testing.T) {
	t.Parallel()
	_, err := vipps.CreatePayment{
		Amount: money.Of(1, money.NOK), Reference: "42", Flow: vipps.Push{Customer: vipps.ByPhoneNumber("+" + phone)}, Description: "x",
	}.Encode()
	var invalid *vipps.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Len(t, invalid.Problems, 4)
	require.NotContains(t, err.Error(), phone)
}

func TestModificationLimits(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{"modificationAmount":{"currency":"NOK","value":28650}}`, string(encode(t, nok(fare))))
	for _, bad := range []money.Amount{money.Of(0, money.NOK), money.Of(-1, money.NOK), money.Of(65_000_001, money.NOK), money.Of(100, money.SEK)} {
		_, err := vipps.Modification{Amount: bad}.Encode()
		require.Error(t, err, bad)
	}
	require.JSONEq(t, `{"cancelTransactionOnly":true}`, string(encode(t, vipps.Cancellation{TransactionOnly: true})))
	require.JSONEq(t, `{"cancelTransactionOnly":false}`, string(encode(t, vipps.Cancellation{})))
}

// drawCreate draws payments that are within all limits.
func drawCreate(rt *rapid.T, sim *vippstest.Sim) vipps.CreatePayment {
	text := func(least, most int, name string) string {
		return rapid.StringOfN(rapid.RuneFrom([]rune("aZ0 æøåé.,<>&\"'\\/🚕\t\n")), least, most, -1).Draw(rt, name)
	}
	p := vipps.CreatePayment{
		Amount:    money.Of(money.Minor(rapid.Int64Range(100, 65_000_000).Draw(rt, "amount")), money.NOK),
		Reference: rapid.StringMatching(`[A-Za-z][A-Za-z0-9-]{7,49}`).Draw(rt, "reference"),
		Flow:      vipps.QR{},
	}
	switch rapid.IntRange(0, 5).Draw(rt, "flow") {
	case 0:
		p.Flow = vipps.QR{Format: vipps.QRPNG, Size: rapid.IntRange(100, 2000).Draw(rt, "size")}
	case 1:
		p.Flow = vipps.WebRedirect{ReturnURL: "https://taxi.example/r?ref=" + p.Reference}
	case 2:
		p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(rapid.StringMatching(`[1-9][0-9]{8,14}`).Draw(rt, "phone"))}
	case 3:
		p.Flow = vipps.Push{Customer: vipps.ByPersonalQR(sim.PersonalQR(phone))}
	case 4:
		p.Flow = vipps.Push{Customer: vipps.ByToken(sim.CustomerToken(phone))}
	}
	if rapid.Bool().Draw(rt, "described") {
		p.Description = text(3, 50, "description")
	}
	if rapid.Bool().Draw(rt, "with metadata") {
		p.Metadata = rapid.MapOfN(rapid.StringMatching(`[a-zæ]{1,50}`), rapid.StringN(0, 100, 250), 0, 5).Draw(rt, "metadata")
	}
	if rapid.Bool().Draw(rt, "scoped") {
		p.Scope = rapid.SliceOfNDistinct(rapid.SampledFrom([]vipps.Scope{vipps.ScopeName, vipps.ScopeAddress, vipps.ScopeEmail, vipps.ScopeBirthDate}), 1, 4, rapid.ID).Draw(rt, "scope")
	}
	if rapid.Bool().Draw(rt, "with receipt") {
		p.Receipt = drawReceipt(rt, p.Amount.Value)
	}
	return p
}

func drawReceipt(rt *rapid.T, total money.Minor) *vipps.Receipt {
	r := &vipps.Receipt{PosID: "T122", Number: "42"}
	for i := range rapid.IntRange(1, 5).Draw(rt, "lines") {
		share := money.Minor(rapid.Int64Range(0, int64(total)).Draw(rt, "share"))
		total -= share
		r.Lines = append(r.Lines, vipps.Line{ID: fmt.Sprint(i), Name: "line", Total: share, TaxRate: rapid.IntRange(0, 10000).Draw(rt, "rate")})
	}
	r.Lines = append(r.Lines, vipps.Line{ID: "rest", Name: "rest", Total: total})
	return r
}

func TestWhateverEncodePassesTheAPITakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		p := drawCreate(rt, sim)
		body, err := p.Encode()
		require.NoError(rt, err)
		again, err := p.Encode()
		require.NoError(rt, err)
		require.Equal(rt, body, again, "the same payment must give the same bytes")
		res := client.Create(t.Context(), "key", body)
		require.Equal(rt, vipps.Done, res.Kind, "%v\n%s", res.Err, body)
		entry, ok := sim.Payment(p.Reference)
		require.True(rt, ok)
		require.Equal(rt, p.Amount, money.Of(entry.Amount, entry.Currency))
		require.Equal(rt, p.Receipt != nil, entry.ReceiptShown, "the app hides lines that do not add up")
	})
}

func TestNetAndTaxAddUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total, net money.Minor
		rate       int
	}{{150000, 120000, 2500}, {150000, 133929, 1200}, {28650, 25580, 1200}, {29900, 23920, 2500}, {100, 100, 0}, {1, 1, 1200}, {0, 0, 2500}, {65_000_000, 32_500_000, 10000}} {
		require.Equal(t, c.net, vipps.Line{Total: c.total, TaxRate: c.rate}.Net(), "%+v", c)
	}
}
