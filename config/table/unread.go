package table

import (
	"errors"
	"fmt"
	"io/fs"
)

// Unread says why a configuration cannot be read, and what to do. program is whose it is,
// and the name of its user.
func Unread(path, program string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // without the path, which is named anyway
	}
	do := "name another with --config"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		do = fmt.Sprintf("write one (%s config example) or %s", program, do)
	case errors.Is(err, fs.ErrPermission):
		do = fmt.Sprintf("run this as its user (sudo -u %s %s ...) or %s", program, program, do)
	}
	return fmt.Errorf("configuration %s: %w; %s", path, err, do)
}
