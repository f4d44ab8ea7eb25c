// encoding/json and sort: records are written, read again, sorted and counted.
package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"sort"

	"programs/text"
)

type record struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Place [2]float64        `json:"place"`
	Tags  []string          `json:"tags,omitempty"`
	More  map[string]string `json:"more"`
}

func main() {
	words := text.Words(5000)
	numbers := text.Numbers(5)
	records := make([]record, text.Argument()*10)
	for at := range records {
		records[at] = record{ID: at, Name: words[numbers.Below(5000)], Place: [2]float64{float64(numbers.Below(1000)) / 7, 3.5}}
		for tags := numbers.Below(6); tags > 0; tags-- {
			records[at].Tags = append(records[at].Tags, words[numbers.Below(5000)])
		}
		records[at].More = map[string]string{"quote": "a \"b\"\n", words[at%5000]: "é"}
	}
	for round := 0; round < 2; round++ {
		written, err := json.Marshal(records)
		if err != nil {
			panic(err)
		}
		hash := fnv.New32a()
		hash.Write(written)
		var again []record
		if err := json.Unmarshal(written, &again); err != nil {
			panic(err)
		}
		sort.Slice(again, func(a, b int) bool {
			return again[a].Name < again[b].Name || again[a].Name == again[b].Name && again[a].ID > again[b].ID
		})
		counts := map[string]int{}
		for _, record := range again {
			for _, tag := range record.Tags {
				counts[tag]++
			}
		}
		fmt.Printf("%d bytes (%08x), %d tags, first %s %d\n", len(written), hash.Sum32(), len(counts), again[0].Name, again[0].ID)
		records = again
	}
}
