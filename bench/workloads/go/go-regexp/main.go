// regexp and strings: expressions are searched for in a text.
package main

import (
	"fmt"
	"regexp"
	"strings"

	"programs/text"
)

func main() {
	document := strings.Join(text.Words(text.Argument()*100), " ")
	for _, pattern := range []string{`mi(ter|ro)+\b`, `\b[a-f]\w*s\w\b`, `(?i)ETH|graul`, `(ka|lo|su)([a-z]{3,5})in\b`} {
		count, sum := 0, 0
		for _, found := range regexp.MustCompile(pattern).FindAllStringIndex(document, -1) {
			count++
			sum += found[0] ^ found[1]
		}
		fmt.Println(pattern, count, sum)
	}
	fields := strings.Fields(strings.ToUpper(document))
	fmt.Println(len(fields), strings.Count(document, "su"), len(strings.ReplaceAll(document, "an", "<an>")))
}
