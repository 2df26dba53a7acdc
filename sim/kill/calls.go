package kill

import (
	"fmt"
	"strings"
	"sync"

	"taxiterminal/vipps/vippstest"
)

// calls remembers what has come to the payment API, in its order.
type calls struct {
	mu   sync.Mutex
	sent map[string]bool // keys of a payment that came since it was last looked at, by reference and key
	both map[int64]bool  // trips whose payment the gateway makes, too
}

// carried: a phone carries the fare of that trip to the gateway.
func (c *calls) carried(number int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.both == nil {
		c.both = map[int64]bool{}
	}
	c.both[number] = true
}

// arrived: whoever does not know what came of a request looks at the payment before
// sending it once more, whatever the key is good for.
func (c *calls) arrived(v vippstest.Visit) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == nil {
		c.sent = map[string]bool{}
	}
	if id, _, err := parse(v.Reference); err == nil && c.both[id.Number] {
		return nil // car and gateway do not know of each other's looks
	}
	switch v.Op {
	case vippstest.OpGet:
		for key := range c.sent {
			if strings.HasPrefix(key, v.Reference+" ") {
				delete(c.sent, key)
			}
		}
	case vippstest.OpCreate, vippstest.OpCapture, vippstest.OpCancel, vippstest.OpRefund:
		key := v.Reference + " " + v.Key
		if c.sent[key] {
			return fmt.Errorf("payment %s: %s with the key %s once more, without a look at the payment", v.Reference, v.Op, v.Key)
		}
		c.sent[key] = true
	}
	return nil
}
