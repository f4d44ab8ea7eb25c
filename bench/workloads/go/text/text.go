// Package text has what the programs share: numbers and words that are the same each time.
package text

import (
	"os"
	"strconv"
)

// Numbers is a generator of numbers.
type Numbers uint32

// Below gives the next number below a limit.
func (numbers *Numbers) Below(limit int) int {
	*numbers = *numbers*1664525 + 1013904223
	return int(*numbers>>8) % limit
}

// Argument is the program's argument.
func Argument() int {
	if len(os.Args) > 1 {
		if number, err := strconv.Atoi(os.Args[1]); err == nil {
			return number
		}
	}
	return 10
}

// Words makes so many words, a few of them frequent.
func Words(count int) []string {
	syllables := []string{"ka", "lo", "mi", "ter", "an", "su", "ro", "eth", "in", "po", "gra", "ul"}
	numbers := Numbers(77)
	words := make([]string, count)
	for at := range words {
		limit := 4000
		if at%3 == 0 {
			limit = 40
		}
		number := numbers.Below(limit)
		for place := 0; place <= number%4; place++ {
			words[at] += syllables[(number>>(place*3))%12]
		}
	}
	return words
}
