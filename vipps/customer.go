package vipps

import "regexp"

// Push sends the request to the app of a known customer. The sales unit needs
// Vipps MobilePay's approval for it (CodePushNotAllowed).
type Push struct{ Customer Customer }

func (f Push) encode(w *wireCreate, p *problems) {
	w.UserFlow = "PUSH_MESSAGE"
	id := f.Customer.id.Reveal()
	switch f.Customer.by {
	case byPhoneNumber:
		p.check(phonePattern.MatchString(id), "customer.phoneNumber",
			"want country code and number, 9 to 15 digits, without plus sign, leading zeros or spaces")
		w.Customer = &wireCustomer{PhoneNumber: id}
	case byPersonalQR:
		p.check(within(id, 5, 255), "customer.personalQr", "want the whole content of the code, 5 to 255 characters")
		w.Customer = &wireCustomer{PersonalQR: id}
	case byToken:
		p.check(id != "", "customer.customerToken", "missing; let the customer scan again")
		w.Customer = &wireCustomer{CustomerToken: id}
	default:
		p.add("customer", "PUSH_MESSAGE needs one: a phone number, a personal QR or a customer token; use QR if there is none")
	}
}

// Customer names one person in one way; the zero Customer names nobody. It prints
// nothing of that. Hold it no longer than the payment is open.
type Customer struct {
	by by
	id Secret
}

type by int

const (
	nobody by = iota
	byPhoneNumber
	byPersonalQR
	byToken
)

// ByPhoneNumber is for a number that the driver was told: an MSISDN, which is
// country code and number, 9 to 15 digits, no plus sign or leading zeros, e.g.
// "4712345678". Customers are not to be asked for it as a matter of routine.
func ByPhoneNumber(msisdn string) Customer { return Customer{byPhoneNumber, NewSecret(msisdn)} }

// ByPersonalQR is for all of what the code in the customer's app contains, 5 to 255
// characters, as scanned. Its inside is nobody's business and changes.
func ByPersonalQR(content string) Customer { return Customer{byPersonalQR, NewSecret(content)} }

// ByToken is for the customer token of a user.checked-in webhook, good for 15
// minutes.
func ByToken(token string) Customer { return Customer{byToken, NewSecret(token)} }

var phonePattern = regexp.MustCompile(`^[1-9][0-9]{8,14}$`)
