package vipps

import "net/http"

// rule is what one status or code means for the caller.
type rule struct {
	kind  Kind
	class Class
	hint  string
}

const (
	hintAdopt    = "read the payment; adopt it if reference and amount are ours, otherwise raise an alarm; do not invent a new reference"
	hintRead     = "read the payment and decide from its amounts"
	hintBug      = "the request breaks the API's rules; report this with the trace id"
	hintOffice   = "the office must look at this payment in the portal"
	hintUnit     = "the sales unit is not set up for this; ask Vipps MobilePay"
	hintKeys     = "check that client id, client secret, subscription key and MSN are of the same sales unit and environment"
	hintWait     = "nothing to do, it is repeated by itself"
	hintVipps    = "see status.vippsmobilepay.com; maintenance is on Mondays from 01:00 to 05:00"
	hintPerson   = "ask in another way, with a code on the screen; do not say that the number is wrong"
	hintTest     = "test environment: look at the test user and its card in the test app"
	hintPortal   = "something between the terminal and Vipps answers instead, such as the login page of a public network"
	hintNoCode   = "this sales unit has no code of this id; list the codes, check the MSN, or create it"
	hintLink     = "links to pictures live for an hour; read the code again for a new one"
	hintRegister = "list the registrations: each event has a limit of them for a sales unit, and user.checked-in.v1 may have one"
	hintNetwork  = "check the SIM card, the antenna and the coverage"
)

// opHints are the hints of operations in which a status means something else than in
// the ePayment API. They go with answers that have no code of that API.
var opHints = map[Op]map[Class]string{
	OpUserinfo: {
		ClassNotFound:     "not there yet, or not any more: right after the approval ask again a little later",
		ClassNotPermitted: "the passenger does not share this, or not any more; go on without",
	},
	OpReceipt: {
		ClassNotFound: "no such payment, or no Order Management API, as in the test environment; attach the receipt to the create instead",
	},
	OpCodeCreate: {
		ClassConflict: "there is a code of this id already; read it, use it if its target is ours, and otherwise choose another id or retarget it",
	},
	OpCodeGet:      {ClassNotFound: hintNoCode},
	OpCodeRetarget: {ClassNotFound: hintNoCode},
	OpCodeDestroy:  {ClassNotFound: hintNoCode},
	OpWebhookRegister: {
		ClassInvalid:  hintRegister,
		ClassConflict: hintRegister,
	},
	OpWebhookDelete: {ClassNotFound: "no such registration; it may have been deleted before, by us or by the API"},
	OpCodeDownload:  {ClassNotFound: hintLink, ClassNotPermitted: hintLink, ClassCredentials: hintLink},
}

// explain gives the error the hint that fits its operation.
func (e *Error) explain() {
	if hint := opHints[e.Op][e.Class]; hint != "" && e.Code == "" && e.Status != 0 {
		e.Hint = hint
	}
}

// statusRules are the HTTP statuses with a meaning of their own. A code in the
// body goes first, see codeRules; 2xx, 3xx, other 4xx and 5xx are in judge.
//
// A 5xx is Unknown even where a gateway may have sent it before the request got
// through: from here that cannot be told from a gateway that lost the answer.
var statusRules = map[int]rule{
	http.StatusBadRequest:                    {Rejected, ClassInvalid, hintBug},
	http.StatusUnauthorized:                  {Retry, ClassCredentials, hintKeys},
	http.StatusPaymentRequired:               {Rejected, ClassNotFound, hintRead},
	http.StatusForbidden:                     {Rejected, ClassNotPermitted, hintUnit},
	http.StatusNotFound:                      {Rejected, ClassNotFound, "check the reference and the MSN"},
	http.StatusProxyAuthRequired:             {Retry, ClassPortal, hintPortal},
	http.StatusRequestTimeout:                {Unknown, ClassUnavailable, hintWait},
	http.StatusConflict:                      {Rejected, ClassConflict, hintAdopt},
	http.StatusUnsupportedMediaType:          {Rejected, ClassInvalid, hintBug},
	http.StatusUnprocessableEntity:           {Rejected, ClassInvalid, hintBug},
	http.StatusLocked:                        {Retry, ClassBusy, hintWait},
	http.StatusTooEarly:                      {Retry, ClassUnavailable, hintWait},
	http.StatusTooManyRequests:               {Retry, ClassRateLimited, hintWait},
	http.StatusNetworkAuthenticationRequired: {Retry, ClassPortal, hintPortal},
}

// codeRules are the domain codes of the ePayment API's error page. They hold for
// every 4xx status; with a 5xx only those that are Retry here do, because an
// internal error that quotes a rule has decided nothing.
var codeRules = map[string]rule{
	"3010": {Rejected, ClassInvalid, "internal error, usually a malformed request; report this with the trace id"},

	"4010": {Rejected, ClassConflict, hintAdopt}, // capture: same key, other body
	"4020": {Rejected, ClassConflict, hintAdopt}, // key exists
	"4040": {Rejected, ClassInvalid, hintBug},    // amount
	"4050": {Rejected, ClassCustomer, "the passenger's token is not valid any more; let them scan again"},
	"4060": {Rejected, ClassCustomer, "the passenger's code was not read whole; scan again or show a code on the screen"},
	"4070": {Rejected, ClassCustomer, "want the number with country code and no plus sign"},
	"4080": {Rejected, ClassInvalid, "check the profile scope in the configuration"},
	"4090": {Rejected, ClassInvalid, "check the return URL in the configuration; it must be https"},
	"4100": {Rejected, ClassInvalid, hintBug}, // metadata: too many pairs
	"4110": {Rejected, ClassInvalid, hintBug}, // metadata: key twice
	"4120": {Rejected, ClassInvalid, hintBug}, // metadata: key too long
	"4130": {Rejected, ClassInvalid, hintBug}, // metadata: value too long
	"4140": {Rejected, ClassInvalid, hintBug}, // parameter missing for this flow
	"4150": {Rejected, ClassConflict, hintAdopt},

	"5010": {Rejected, ClassNotPermitted, hintUnit},
	"5020": {Rejected, ClassNotPermitted, hintUnit},
	"5030": {Rejected, ClassNotPermitted, "the sales unit may not ask for this profile scope; take it out of the configuration"},
	"5040": {Rejected, ClassNotPermitted, "the currency is not that of the sales unit's market; check currency and MSN in the configuration"},
	"5050": {Rejected, ClassNotPermitted, hintUnit},
	"5060": {Rejected, ClassNotPermitted, "the merchant must verify the bank account in the portal"},
	"5070": {Rejected, ClassNotPermitted, hintUnit},
	"5080": {Rejected, ClassNotPermitted, "requests to phone numbers need Vipps MobilePay's approval; use a code on the screen meanwhile"},
	"5090": {Rejected, ClassNotFound, "check the reference and the MSN"},
	"5100": {Rejected, ClassNotPermitted, hintUnit},

	"6010": {Rejected, ClassInvalid, "the amount is below the smallest one that can be asked"},
	"6020": {Rejected, ClassState, hintRead},
	"6030": {Rejected, ClassState, "too late to cancel; " + hintOffice},
	"6040": {Rejected, ClassState, "everything is captured; refund instead"},
	"6050": {Rejected, ClassState, hintRead},
	"6060": {Rejected, ClassState, "the passenger approved first; read the payment, then capture or release it"},
	"6070": {Rejected, ClassState, hintRead},
	"6080": {Rejected, ClassState, "the passenger has not approved yet; " + hintRead},
	"6090": {Rejected, ClassState, "more than what is reserved; " + hintRead},
	"6100": {Rejected, ClassState, "too late to capture, the reservation is gone; " + hintOffice},
	"6110": {Rejected, ClassInvalid, hintBug},
	"6120": {Rejected, ClassInvalid, hintBug},
	"6130": {Rejected, ClassInvalid, hintBug},
	"6140": {Rejected, ClassState, "this sales unit must capture all that is reserved; capture in full and refund the rest"},
	"6150": {Rejected, ClassState, "more than what is left to refund; " + hintRead},
	"6160": {Retry, ClassBusy, hintWait},
	"6170": {Rejected, ClassState, hintRead},
	"6180": {Rejected, ClassState, hintRead},
	"6190": {Rejected, ClassState, hintRead},
	"6200": {Rejected, ClassState, hintRead},
	"6210": {Rejected, ClassState, hintRead},
	"6220": {Rejected, ClassState, "refunds are possible within 365 days; pay back in another way"},
	"6230": {Rejected, ClassState, hintRead},
	"6250": {Retry, ClassBusy, "the passenger is approving at this moment; " + hintWait},
	"6260": {Rejected, ClassDeclinedCapture, "the passenger's bank has no cover for the reservation any more; try again later as a new capture with a new key, and tell the office"},
	"6280": {Retry, ClassBusy, hintWait},

	"7010": {Rejected, ClassCustomer, hintPerson},

	"10010": {Rejected, ClassInvalid, hintTest},
	"10020": {Rejected, ClassInvalid, hintTest},
	"10030": {Rejected, ClassInvalid, hintTest},
	"10040": {Rejected, ClassInvalid, hintTest},
	"10050": {Rejected, ClassInvalid, hintTest},
	"10060": {Rejected, ClassInvalid, hintTest},
	"10070": {Rejected, ClassInvalid, hintTest},
}
