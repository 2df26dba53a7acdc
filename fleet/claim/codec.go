package claim

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"taxiterminal/money"
)

const (
	version   = 1
	signature = 64 // bytes

	// MaxBytes is the longest claim, signature included, MaxText the same in base64url.
	MaxBytes = 1 + keyIDSize + (1 + 16) + (1 + 8) + 5 + 2 + 4 + 1 + 6 + 5 + signature
	MaxText  = (MaxBytes*8 + 5) / 6
)

// MaxHost is the longest host, port included, whose addresses of claims fit a QR
// symbol of version 10 and level M, which holds 213 bytes.
const MaxHost = 213 - len("https://") - len("/p/") - MaxText

// encoding refuses what could be written in two ways.
var encoding = base64.RawURLEncoding.Strict()

// append writes all but the signature.
func (c Claim) append(b []byte, key KeyID) []byte {
	b = append(b, version)
	b = append(b, key[:]...)
	b = appendText(b, c.Trip.Vehicle)
	b = appendText(b, c.Trip.File)
	b = binary.AppendUvarint(b, uint64(c.Trip.Number))
	b = binary.AppendUvarint(b, uint64(c.Attempt))
	b = binary.AppendUvarint(b, uint64(c.Amount.Value))
	b = append(b, currencyNumber(c.Amount.Currency))
	b = binary.AppendUvarint(b, c.Serial)
	return binary.AppendUvarint(b, uint64(c.issued()))
}

func appendText(b []byte, s string) []byte {
	return append(append(b, byte(len(s))), s...)
}

// reader takes a claim apart. After the first thing that does not fit it gives
// zeros, and failed says so.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n > len(r.rest) {
		r.failed = true
		return nil
	}
	var b []byte
	b, r.rest = r.rest[:n], r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) text() string { return string(r.take(int(r.byte()))) }

// number reads a varint of at most 42 bits that is as short as can be.
func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > MaxSerial || size > 1 && r.rest[size-1] == 0 {
		r.failed = true
		return 0
	}
	r.take(size)
	return n
}

// read takes apart what append wrote.
func read(body []byte) (c Claim, key KeyID, err error) {
	r := reader{rest: body}
	v := r.byte()
	if v != version && !r.failed {
		return Claim{}, KeyID{}, ErrVersion
	}
	copy(key[:], r.take(keyIDSize))
	c.Trip.Vehicle, c.Trip.File = r.text(), r.text()
	c.Trip.Number, c.Attempt = int64(r.number()), int(r.number())
	c.Amount.Value, c.Amount.Currency = money.Minor(r.number()), currencyOf(r.byte())
	c.Serial = r.number()
	if seconds := r.number(); seconds > 0 {
		c.Issued = time.Unix(epoch.Unix()+int64(seconds)-1, 0).UTC()
	}
	if r.failed || len(r.rest) > 0 {
		return Claim{}, KeyID{}, malformed("cut off, or not written as it should be")
	}
	return c, key, c.check()
}

func currencyOf(n byte) money.Currency {
	if int(n) < len(currencies) {
		return currencies[n]
	}
	return ""
}
