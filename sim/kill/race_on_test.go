//go:build race

package kill

const underRace = true
