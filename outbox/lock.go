package outbox

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile takes the lock that makes this process the owner of the file until it
// ends, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("outbox lock: %w", named(err))
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s is locked", ErrInUse, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("outbox lock: %w", err), f.Close())
	}
	return f, nil
}
