package relay

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"taxiterminal/device/vehicle"
	"taxiterminal/fleet/link"
	"taxiterminal/money"
	"taxiterminal/vipps"
)

var errOp = errors.New("no operation of a car")

// check says why a call is not let through, or nil. Nothing of it quotes the call but
// names that cannot be a person's.
func (r *Relay) check(car Car, p link.Pay) error {
	if len(p.Body) > link.MaxBody {
		return fmt.Errorf("body of %d bytes: want at most %d", len(p.Body), link.MaxBody)
	}
	switch p.Op {
	case vipps.OpCreate, vipps.OpCapture, vipps.OpCancel, vipps.OpRefund:
		return cmp.Or(checkReference(car, p), checkKey(p), r.checkBody(car, p))
	case vipps.OpGet:
		return checkReference(car, p)
	case vipps.OpReceipt:
		return cmp.Or(checkReference(car, p), unambiguous(p.Body))
	case vipps.OpUserinfo, vipps.OpCodeDownload:
		return nil
	case vipps.OpCodeCreate, vipps.OpCodeGet, vipps.OpCodeRetarget, vipps.OpCodeDestroy:
		return r.checkCode(car, p)
	}
	return errOp
}

// ownPart is what follows the vehicle in a reference: file, trip and attempt.
var ownPart = regexp.MustCompile(`^[0-9A-Za-z]{1,8}-[0-9]{4,19}-[0-9]{1,6}$`).MatchString

// checkReference: it is of this vehicle. No vehicle has a hyphen in its name, so none
// is the beginning of another.
func checkReference(car Car, p link.Pay) error {
	rest, ok := strings.CutPrefix(p.Reference, car.Vehicle+"-")
	if !ok || car.Vehicle == "" || !ownPart(rest) {
		return fmt.Errorf("reference: not one of vehicle %s", car.Vehicle)
	}
	return nil
}

// checkKey: it is of this reference, and so none that another car will use.
func checkKey(p link.Pay) error {
	if !strings.HasPrefix(p.Key, p.Reference+"-") {
		return errors.New("idempotency key: does not begin with the reference")
	}
	return nil
}

func (r *Relay) checkBody(car Car, p link.Pay) error {
	switch p.Op {
	case vipps.OpCreate:
		c, err := readCreate(p.Body)
		if err != nil {
			return err
		}
		if c.Reference != p.Reference {
			return errors.New("body: is about another reference")
		}
		if c.ReturnURL != "" && !r.cfg.Target(car, c.ReturnURL) {
			return errors.New("body: returnUrl: the operator does not let it lead there")
		}
		return r.checkAmount(car, c.Amount)
	case vipps.OpCancel:
		return readCancel(p.Body)
	}
	amount, err := readModification(p.Body)
	if err != nil {
		return err
	}
	return r.checkAmount(car, amount)
}

func (r *Relay) checkAmount(car Car, a amount) error {
	limit := cmp.Or(car.Limit, r.cfg.Limit)
	switch {
	case a.Value == nil || *a.Value <= 0:
		return errors.New("amount: want more than nothing")
	case car.Currency != "" && a.Currency != car.Currency:
		return fmt.Errorf("amount: want %s", car.Currency)
	case limit > 0 && *a.Value > limit:
		return fmt.Errorf("amount: more than this car's limit of %s; the office can raise it", money.Of(limit, car.Currency))
	}
	return nil
}

func (r *Relay) checkCode(car Car, p link.Pay) error {
	switch {
	case p.Code == nil:
		return errors.New("code: missing")
	case !vehicle.Ours(car.Vehicle, p.Code.ID) && !slices.Contains(car.Codes, p.Code.ID):
		return fmt.Errorf("code: not one of vehicle %s", car.Vehicle)
	case (p.Op == vipps.OpCodeCreate || p.Op == vipps.OpCodeRetarget) && !r.cfg.Target(car, p.Code.Target):
		return errors.New("code: the operator does not let it lead there")
	}
	return nil
}
